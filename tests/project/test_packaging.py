"""What is built and installed: the sdist holds the repository, the wheel the package; type checkers find all of it.

CI runs the whole test suite from the unpacked sdist, and a program on the installed wheel (.github/workflows/ci.yml).
"""

import importlib.util
import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SETUP = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
LINKS = {"autograd_lite/nn", "autograd_lite/optim"}
GENERATED = {".git", "__pycache__", "build", "dist", "output", ".venv", ".hypothesis", "_build", "api", "gallery"}
PROGRAM = (
    "import autograd_lite as ag, autograd_lite.optim.sgd; assert ag.__file__.startswith({start!r}), ag.__file__; "
    "ag.nn.Linear(2, 1)(ag.Tensor([1.0, 2.0])).sum().backward(); print(ag.nn.__file__)"
)


def run(*arguments, **options):
    done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=False, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def ignored(folder, names):
    """What no clone contains."""
    return {name for name in names if name in GENERATED or name.endswith(("_cache", ".egg-info", ".pyc", ".rst"))}


def files(folder):
    """The paths of all files below a folder; links to folders are not followed."""
    paths = (Path(at) / name for at, _, names in os.walk(folder) for name in names)
    return {path.relative_to(folder).as_posix() for path in paths}


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    """A copy of the repository: a build leaves files behind."""
    return shutil.copytree(ROOT, tmp_path_factory.mktemp("build") / "sources", symlinks=True, ignore=ignored)


@pytest.fixture(scope="module")
def build(sources):
    """A function that calls one hook of the build backend in the copy, and returns the file that it builds."""
    folder = sources.parent
    try:
        run("-m", "pip", "install", "--quiet", "--target", str(folder / "backend"), "setuptools>=77")
    except AssertionError as error:
        pytest.skip(f"the build backend cannot be downloaded: {str(error).strip()[-200:]}")

    def call(hook, where=sources):
        program = (
            f"import sys; sys.path.insert(0, {str(folder / 'backend')!r}); import setuptools.build_meta as backend; "
            f"print(backend.{hook}({str(folder)!r}))"
        )
        return folder / run("-c", program, cwd=where).splitlines()[-1]

    return call


@pytest.fixture(scope="module")
def unpacked(sources, build):
    """The unpacked sdist."""
    with tarfile.open(build("build_sdist")) as archive:
        archive.extractall(sources.parent / "unpacked", filter="data")
    (folder,) = (sources.parent / "unpacked").iterdir()
    return folder


def packages(root):
    """For each package the folder of the repository that holds it."""
    found = {}
    for top, name in (("autograd_lite", "autograd_lite"), ("nn", "autograd_lite.nn"), ("optim", "autograd_lite.optim")):
        for module in sorted((root / top).rglob("__init__.py")):
            inside = module.parent.relative_to(root / top)
            if not {f"{top}/{part}" for part in (inside, *inside.parents)} & LINKS:
                found[".".join([name, *inside.parts])] = module.parent
    return found


def test_pyproject_lists_every_package():
    assert sorted(SETUP["packages"]) == sorted(packages(ROOT))


def test_the_sdist_holds_every_file_of_the_repository(sources, unpacked):
    missing = {name for name in files(sources) - files(unpacked) if not any(map(name.startswith, LINKS))}
    assert missing == set()
    added = {name for name in files(unpacked) - files(sources) if not name.startswith("autograd_lite.egg-info/")}
    assert added <= {"PKG-INFO", "setup.cfg"}


def test_the_wheel_built_from_the_sdist_holds_the_package_and_works_alone(sources, unpacked, build, tmp_path):
    wheel = build("build_wheel", unpacked)
    with zipfile.ZipFile(wheel) as archive:
        installed = {name for name in archive.namelist() if ".dist-info/" not in name}
    expected = {
        f"{package.replace('.', '/')}/{file.name}"
        for package, folder in packages(sources).items()
        for file in folder.glob("*.py")
    }
    assert installed == expected | {"autograd_lite/py.typed"}
    # -I keeps this directory and PYTHONPATH out.
    run("-I", "-c", f"import sys; sys.path.insert(0, {str(wheel)!r}); {PROGRAM.format(start=str(wheel))}", cwd=tmp_path)


def without_editable_installs(folder):
    """The arguments that run a program for which only this folder and installed packages can be imported."""
    program = (
        "import sys; sys.meta_path = [f for f in sys.meta_path if 'editable' not in repr(f)]; "
        "sys.path = ['.', *(p for p in sys.path if 'site-packages' not in p or p.endswith('site-packages'))]; "
    )
    return "-c", program + PROGRAM.format(start=str(folder))


def test_python_started_in_a_clone_finds_the_package_without_installing_it():
    nn = "autograd_lite/nn" if (ROOT / "autograd_lite" / "nn").is_dir() else "nn"
    assert run(*without_editable_installs(ROOT), cwd=ROOT).strip() == str(ROOT / nn / "__init__.py")


@pytest.mark.parametrize("links", ["absent", "files that name their targets"])
def test_a_clone_without_symbolic_links_works_as_well(tmp_path, links):
    """Git writes such files on systems without symbolic links; an unpacked sdist has nothing in their place."""
    for name in ("autograd_lite", "nn", "optim"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=lambda folder, names: {"nn", "optim", "__pycache__"})
    if links != "absent":
        for link in LINKS:
            (tmp_path / link).write_text(f"../{Path(link).name}")
    assert run(*without_editable_installs(tmp_path), cwd=tmp_path).strip() == str(tmp_path / "nn" / "__init__.py")


@pytest.fixture(scope="module")
def editable(sources, build):
    """The Python of a fresh environment with an editable install of the copy, and with the packages of this one."""
    wheel = build("build_editable")
    environment = sources.parent / "environment"
    run("-m", "venv", "--without-pip", str(environment))
    (site,) = environment.glob("lib/python*/site-packages")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    (site / "others.pth").write_text(sysconfig.get_path("purelib"))
    return environment / "bin" / "python"


@pytest.mark.skipif(os.name == "nt", reason="the environment has other folders on Windows")
@pytest.mark.parametrize("checker", ["mypy", "pyright"])
def test_type_checkers_find_nn_and_optim_of_an_editable_install(sources, editable, checker, tmp_path):
    if importlib.util.find_spec(checker) is None:
        pytest.skip(f"{checker} is not installed")
    if not (sources / "autograd_lite" / "nn").is_dir():
        pytest.skip("type checkers follow the links of a clone, and this is none")
    program = "import autograd_lite.nn.linear\nimport autograd_lite.optim.sgd\nfrom autograd_lite import nn, optim\n"
    (tmp_path / "right.py").write_text(program)
    (tmp_path / "wrong.py").write_text("import autograd_lite.nn.nothing\n")
    if checker == "mypy":
        options = [
            "--python-executable",
            str(editable),
            "--follow-imports=skip",
            "--cache-dir",
            str(tmp_path / "cache"),
        ]
    else:
        options = ["--pythonpath", str(editable)]
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "MYPYPATH")}
    run("-m", checker, *options, "right.py", cwd=tmp_path, env=environment)
    with pytest.raises(AssertionError, match=r"autograd_lite\.nn\.nothing"):
        run("-m", checker, *options, "wrong.py", cwd=tmp_path, env=environment)
