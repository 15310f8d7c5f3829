"""The files that describe the project agree with each other: version, supported Pythons, checks, forms for issues."""

import re
import tomllib
from pathlib import Path

import yaml

import autograd_lite

ROOT = Path(__file__).resolve().parents[2]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
FORMS = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"))


def read(name):
    return (ROOT / name).read_text(encoding="utf-8")


def parsed(name):
    return yaml.safe_load(read(name))


def commands(jobs):
    """The commands of all steps, and the actions that they use."""
    return [step.get("run") or step["uses"] for job in jobs.values() for step in job["steps"]]


def test_the_version_is_written_in_the_package_and_in_the_citation():
    assert "version" not in PYPROJECT["project"]
    assert PYPROJECT["tool"]["setuptools"]["dynamic"]["version"] == {"attr": "autograd_lite.__version__"}
    assert parsed("CITATION.cff")["version"] == autograd_lite.__version__


def test_the_citation_has_what_the_format_requires():
    citation = parsed("CITATION.cff")
    assert {"cff-version", "message", "title", "authors"} <= set(citation)
    assert citation["cff-version"] == "1.2.0"
    assert all("name" in author for author in citation["authors"])
    assert citation["license"] == PYPROJECT["project"]["license"]


def test_ci_runs_every_supported_python_with_the_oldest_and_the_newest_numpy():
    matrix = parsed(".github/workflows/ci.yml")["jobs"]["tests"]["strategy"]["matrix"]
    classifier = re.compile(r"Programming Language :: Python :: (3\.\d+)$")
    supported = [found[1] for line in PYPROJECT["project"]["classifiers"] if (found := classifier.match(line))]
    assert PYPROJECT["project"]["requires-python"] == f">={supported[0]}"
    assert matrix["python"] == supported
    assert matrix["numpy"] == ["newest"]
    assert [row["python"] for row in matrix["include"]] == supported
    assert PYPROJECT["project"]["dependencies"] == ["numpy>=2.2"]
    assert {row["numpy"] for row in matrix["include"] if row["python"] < "3.14"} == {"2.2.0"}


def test_ci_runs_all_checks_builds_and_tests_what_was_built():
    jobs = parsed(".github/workflows/ci.yml")["jobs"]
    for command in (
        ".ci/run",
        "pre-commit run --all-files --show-diff-on-failure",
        "pytest",
        "python -m build",
        "twine check --strict dist/*",
        'uv pip install --system --resolution lowest-direct -e ".[test]" "pyparsing==3.2.*"',
    ):
        assert command in commands(jobs)
    assert all(job["timeout-minutes"] <= 60 for job in jobs.values())


def test_the_hooks_before_a_commit_are_the_quick_checks_of_ci_with_pinned_versions():
    (repository,) = parsed(".pre-commit-config.yaml")["repos"]
    hooks = {hook["id"]: hook for hook in repository["hooks"]}
    assert {"ruff-check", "ruff-format", "mypy", "lint-imports", "end-of-file-fixer", "check-citation"} <= set(hooks)
    for hook in hooks.values():
        assert all(re.fullmatch(r"[\w-]+==[\d.]+", pinned) for pinned in hook["additional_dependencies"])
    checks = read(".ci/run")
    for command in ("ruff check", "ruff format", "lint-imports", "mypy -p autograd_lite --config-file pyproject.toml"):
        assert command in checks
        assert any(command in hook["entry"] for hook in hooks.values())


def test_forms_for_issues_are_complete():
    assert [form.name for form in FORMS] == [
        "bug_report.yml",
        "config.yml",
        "feature_request.yml",
        "wrong_gradient.yml",
    ]
    for form in FORMS:
        content = yaml.safe_load(form.read_text(encoding="utf-8"))
        if form.name == "config.yml":
            continue
        assert {"name", "description", "body"} <= set(content)
        fields = [field for field in content["body"] if field["type"] != "markdown"]
        assert all(field["attributes"]["label"] for field in fields)
        assert len({field["id"] for field in fields}) == len(fields)
        assert any(field.get("validations", {}).get("required") for field in fields)


def test_the_changelog_begins_with_what_is_not_released_or_with_this_version():
    newest = re.search(r"^## (.*)$", read("CHANGELOG.md"), re.MULTILINE)[1]
    assert newest == "Unreleased" or newest.startswith(f"{autograd_lite.__version__} - ")
