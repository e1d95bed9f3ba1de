"""What dbt would give the templates, for sqlfluff, which renders them without a warehouse: the project's own variables."""

from pathlib import Path
from types import SimpleNamespace

import yaml

_PROJECT = yaml.safe_load((Path(__file__).parent.parent / "dbt_project.yml").read_text())

execute = False
flags = SimpleNamespace(FULL_REFRESH=False)


def var(name, default=None):
    return _PROJECT["vars"].get(name, default)
