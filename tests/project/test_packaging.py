"""What is installed: sdist and wheel hold the whole package, and nothing called nn or optim at the top."""

import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PARTS = {"autograd_lite": "autograd_lite", "nn": "autograd_lite/nn", "optim": "autograd_lite/optim"}


def run(*arguments, **options):
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=False, **options)


def test_sdist_and_the_wheel_built_from_it_hold_the_whole_package(tmp_path):
    sources = tmp_path / "sources"  # building in the checkout would leave build/ and *.egg-info there
    ignored = shutil.ignore_patterns("__pycache__", "*.egg-info", "nn", "optim")  # the links in autograd_lite
    for name in PARTS:
        shutil.copytree(ROOT / name, sources / name, ignore=ignored)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, sources)
    backend = run("-m", "pip", "install", "--quiet", "--target", str(tmp_path / "backend"), "setuptools>=77")
    if backend.returncode:
        pytest.skip(f"the build backend cannot be fetched: {backend.stderr.strip()[-200:]}")

    program = (
        f"import sys; sys.path.insert(0, {str(tmp_path / 'backend')!r}); import setuptools.build_meta as backend; "
    )
    build = run("-c", program + "backend.build_sdist('dist')", cwd=sources)
    assert build.returncode == 0, build.stderr
    (sdist,) = (sources / "dist").glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        shipped = {name.partition("/")[2] for name in archive.getnames()}
    build = run("-m", "pip", "wheel", str(sdist), "--no-deps", "-w", str(tmp_path / "wheel"))
    assert build.returncode == 0, build.stderr
    (wheel,) = (tmp_path / "wheel").glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        installed = set(archive.namelist())

    for name, target in PARTS.items():
        for file in (sources / name).rglob("*.py"):
            inside = file.relative_to(sources / name).as_posix()
            assert f"{name}/{inside}" in shipped
            assert f"{target}/{inside}" in installed
    assert "autograd_lite/py.typed" in shipped & installed
    assert {"autograd_lite/ops/__init__.py", "autograd_lite/testing/__init__.py"} <= installed
    assert {"pyproject.toml", "README.md", "LICENSE"} <= shipped
    tops = {name.partition("/")[0] for name in installed}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"autograd_lite"}

    # Installed alone, far from the checkout, it works: -I keeps this directory and the environment's path out.
    program = (
        f"import sys; sys.path.insert(0, {str(wheel)!r}); import autograd_lite as ag; "
        f"assert ag.__file__.startswith({str(wheel)!r}) and ag.nn.__file__.startswith({str(wheel)!r}); "
        "ag.nn.Linear(2, 1)(ag.Tensor([1.0, 2.0])).sum().backward()"
    )
    imported = run("-I", "-c", program, cwd=tmp_path)
    assert imported.returncode == 0, imported.stderr


def test_python_started_in_a_clone_finds_the_whole_package_without_installing_it():
    # As it is without an editable installation: only this directory is known.
    program = (
        "import sys; sys.meta_path = [f for f in sys.meta_path if 'editable' not in repr(f)]; "
        "sys.path = ['.', *(p for p in sys.path if 'site-packages' not in p or p.endswith('site-packages'))]; "
        "import autograd_lite as ag; assert ag.__file__.startswith(sys.argv[1]), ag.__file__; "
        "import autograd_lite.optim.sgd; ag.nn.Linear(2, 1)(ag.Tensor([1.0, 2.0])).sum().backward()"
    )
    done = run("-c", program, str(ROOT), cwd=ROOT)
    assert done.returncode == 0, done.stderr
