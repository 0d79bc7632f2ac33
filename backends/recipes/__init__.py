"""Recipes: what no framework ships and people ask for, as they would write it with public API.

Copy them. Each stands alone: a framework is all that it imports. The suite runs these very files.
"""
