"""Wrong use: one sentence that names the value, the choices and the fix, pytest's status, no traceback."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import faults
import pytest

from backends import BUILT_IN
from reference.dialects import DIALECTS

USAGE_ERROR = int(pytest.ExitCode.USAGE_ERROR)
BACKENDS = "choose from numpy, tf, tf-legacy, torch, hf, keras-torch, keras-jax, numpy:DIALECT, "
HERE = ("--rootdir=.", "-o", "pythonpath=.", "-p", "no:cacheprovider")
LAWS = ("--pyargs", "conformance.laws")


def surroundings(folder: Path) -> dict[str, str]:
    """An environment without a GPU."""
    return faults.environment(folder, "usage") | {"CUDA_VISIBLE_DEVICES": "-1"}


def pytest_on(folder: Path, *arguments: str) -> tuple[int, str]:
    """Status and output of a pytest that is started in a folder."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *arguments],
        cwd=folder,
        env=surroundings(folder),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def the_sentence(status: int, text: str) -> str:
    """The one sentence with which pytest refused its arguments."""
    assert status == USAGE_ERROR, text
    assert "Traceback" not in text and "INTERNALERROR" not in text, text
    (sentence,) = [line for line in text.splitlines() if line.startswith("ERROR: ")]
    return sentence.removeprefix("ERROR: ")


def refused(folder: Path, *arguments: str) -> str:
    return the_sentence(*pytest_on(folder, *arguments))


REFUSED: list[tuple[list[str], list[str]]] = [
    (["--backend=nosuch"], ["--backend=nosuch: there is no backend 'nosuch'; ", BACKENDS]),
    (["--backend", "nosuch"], ["--backend=nosuch: there is no backend 'nosuch'; ", BACKENDS]),
    (["--backend=numpy,nosuch"], ["--backend=numpy,nosuch: there is no backend 'nosuch'", BACKENDS]),
    (["--backend="], ["--backend='' names no backend; choose from numpy, tf, "]),
    (["--backend=,"], ["--backend=',' names no backend; choose from numpy, tf, "]),
    (
        ["--backend=numpy:nosuch"],
        ["--backend=numpy:nosuch: there is no dialect 'nosuch'; ", "choose from numpy:keras-2.2, numpy:"],
    ),
    (["--backend=package.module:Nope"], ["No module named 'package'", BACKENDS, "package.module:Class"]),
    (["--backend=json:Nope"], ["--backend=json:Nope: ", "has no attribute 'Nope'", BACKENDS]),
    (["--backend=json:JSONDecoder"], ["is not a subclass of backends.base.Backend; ", BACKENDS]),
    (["--backend=raises:Backend"], ["'raises:Backend' cannot be imported (ValueError: no)", BACKENDS]),
    (["--backend=leaves:Backend"], ["'leaves:Backend' cannot be imported (SystemExit: 3)", BACKENDS]),
    (
        ["--backend=absent:Absent"],
        ["--backend=absent:Absent needs no-such-package, which this", "pip install no-such-package, or"],
    ),
    (["--against=keras-9"], ["--against=keras-9: there is no such dialect; choose from", *DIALECTS]),
    (["--cases=0"], ["--cases=0 would check nothing; choose 1 or more", "such as --cases=100"]),
    (["--limit=0"], ["--limit=0 leaves a worker no time; choose more than 0 seconds"]),
    (["--shard=3/2"], ["--shard=3/2: write it as K/N with 1 ≤ K ≤ N, such as --shard=2/5"]),
    (
        ["--against=keras-3", "--update-baseline"],
        ["--update-baseline keeps what a backend does by its own dialect, and --against=keras-3 judges"],
    ),
    (["--baseline=nowhere"], ["--baseline=nowhere: there is no such folder; choose one that holds"]),
    (["--python=/bin/false"], ["numpy could not be started: no Python answers at /bin/false"]),
    (["--device=the moon"], ["--device=the moon is not written like a device; choose one like cpu, "]),
    (
        ["--device=cuda"],
        [
            "--device=cuda: numpy has no device 'cuda'; the devices here are cpu; ",
            "choose one of these, ",
        ],
    ),
]

SEVERAL = """
import contextlib, io, json, sys
import pytest

answers = []
for arguments in json.loads(sys.argv[1]):
    text = io.StringIO()
    with contextlib.redirect_stdout(text), contextlib.redirect_stderr(text):
        status = int(pytest.main(["--capture=no", *arguments]))
    answers.append([status, text.getvalue()])
print(json.dumps(answers))
"""


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[int, str]]:
    """What pytest answers to each of REFUSED, in one process, since most of its time is its start."""
    folder = tmp_path_factory.mktemp("refused")
    (folder / "raises.py").write_text("raise ValueError('no')")
    (folder / "leaves.py").write_text("raise SystemExit(3)")
    (folder / "absent.py").write_text(
        "from backends.base import Backend\n\n\nclass Absent(Backend):\n    packages = ('no-such-package',)\n"
    )
    asked = [[*HERE, *arguments, *LAWS] for arguments, _ in REFUSED]
    done = subprocess.run(
        [sys.executable, "-c", SEVERAL, json.dumps(asked)],
        cwd=folder,
        env=surroundings(folder),
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return json.loads(done.stdout)


@pytest.mark.parametrize("number", range(len(REFUSED)), ids=[" ".join(given) for given, _ in REFUSED])
def test_a_value_that_cannot_be_served_is_refused_in_one_sentence(
    answers: list[tuple[int, str]], number: int
) -> None:
    sentence = the_sentence(*answers[number])
    assert [part for part in REFUSED[number][1] if part not in sentence] == []


def test_every_backend_that_there_is_stands_among_the_choices() -> None:
    assert [name for name in BUILT_IN if f" {name}, " not in BACKENDS] == []


@pytest.mark.framework
@pytest.mark.parametrize(
    ("backend", "there"), [("tf", "tensorflow has no device 'cuda'"), ("torch", "torch has no device 'cuda'")]
)
def test_a_gpu_that_is_not_there_is_no_silent_run_on_the_cpu(
    tmp_path: Path, backend: str, there: str
) -> None:
    sentence = refused(tmp_path, f"--backend={backend}", "--device=cuda", *HERE, *LAWS)
    assert sentence == (
        f"--device=cuda: {there}; the devices here are cpu:0; choose one of these, "
        "or run where there is such a device"
    )
    assert not (tmp_path / "reports").exists()


def test_wrong_use_is_refused_in_the_same_way_under_xdist(tmp_path: Path) -> None:
    """A process of xdist finds what is wrong, and the one that started it says so."""
    sentence = refused(tmp_path, "-n2", "--device=cuda", *HERE, *LAWS)
    assert sentence.startswith("--device=cuda: numpy has no device 'cuda'; the devices here are cpu; ")


def test_a_broken_file_among_the_expectations_that_ship_is_refused_with_its_path(tmp_path: Path) -> None:
    (tmp_path / "numpy.toml").write_text("kind = [")
    (tmp_path / "elsewhere.py").write_text(
        "from pathlib import Path\n\nimport conformance.session\n\n"
        "conformance.session.EXPECTATIONS = Path(__file__).parent\n"
    )
    sentence = refused(tmp_path, "-p", "elsewhere", *HERE, *LAWS)
    assert sentence.startswith(f"{tmp_path / 'numpy.toml'}: not TOML: ")


THEIR_OPTION = "def pytest_addoption(parser):\n    parser.addoption('--backend', default='agg')\n"
THEIR_TEST = "def test_of_theirs(request):\n    assert request.config.getoption('--backend') == 'qt'\n"


@pytest.fixture(params=["conftest.py", "their_plugin.py"])
def project(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, list[str]]:
    """A project that has a --backend of its own, by its conftest or by a plugin; what pytest is given."""
    (tmp_path / request.param).write_text(THEIR_OPTION)
    (tmp_path / "test_theirs.py").write_text(THEIR_TEST)
    return tmp_path, [*HERE, *(["-p", "their_plugin"] if "plugin" in request.param else [])]


def test_a_project_with_its_own_backend_option_is_undisturbed(project: tuple[Path, list[str]]) -> None:
    folder, arguments = project
    status, text = pytest_on(folder, *arguments, "--backend=qt", "test_theirs.py")
    assert (status, "1 passed" in text) == (0, True), text
    assert not (folder / "reports").exists()


def test_the_laws_in_such_a_project_name_the_option_that_works(project: tuple[Path, list[str]]) -> None:
    folder, arguments = project
    sentence = refused(folder, *arguments, "--backend=qt", *LAWS)
    assert sentence.startswith("--backend=qt belongs to another plugin or conftest of this project, ")
    assert "choose their backend with --conformance-backend=NAME, one of numpy, tf, " in sentence


def test_the_long_option_works_in_such_a_project(project: tuple[Path, list[str]]) -> None:
    folder, arguments = project
    wanted = ["--conformance-backend=numpy:keras-3", "--cases=2", "-k", "merging_gives"]
    status, text = pytest_on(folder, *arguments, *wanted, *LAWS)
    assert (status, "1 passed" in text) == (0, True), text


def test_a_refusal_in_such_a_project_names_the_long_option(project: tuple[Path, list[str]]) -> None:
    folder, arguments = project
    sentence = refused(folder, *arguments, "--conformance-backend=nosuch", *LAWS)
    assert sentence.startswith("--conformance-backend=nosuch: there is no backend 'nosuch'; ")
