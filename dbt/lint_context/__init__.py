"""What dbt would give the templates, for sqlfluff, which renders them without a warehouse: the project's own variables."""

import re
from pathlib import Path
from types import SimpleNamespace

import yaml

_PROJECT = yaml.safe_load((Path(__file__).parent.parent / "dbt_project.yml").read_text())

execute = False
flags = SimpleNamespace(FULL_REFRESH=False)

_ENVIRONMENT = re.compile(r"\{\{ *env_var\('\w+', '([^']*)'\) *\}\}")


def var(name, default=None):
    value = _PROJECT["vars"].get(name, default)
    # dbt renders a variable that names the environment's when it is read.
    return _ENVIRONMENT.sub(r"\1", value) if isinstance(value, str) else value
