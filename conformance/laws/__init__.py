"""The laws, one file a chapter. Run them with pytest --backend=NAME, or pytest --pyargs conformance.laws."""
