"""Airflow: sync, then dbt, each hour. The sync is Airbyte's (its provider package) or `ewallet-sync`; here the latter."""

from datetime import datetime, timedelta

from airflow.decorators import dag
from airflow.operators.bash import BashOperator

PROJECT = "/srv/ewallet-data-pipeline"


@dag(
    schedule="@hourly",
    start_date=datetime(2026, 1, 1),
    catchup=False,
    max_active_runs=1,  # two dbt runs must not overlap
    default_args={"retries": 2, "retry_delay": timedelta(minutes=5)},
)
def ewallet():
    sync = BashOperator(task_id="sync", bash_command="npx ewallet-sync run --config sync.json", cwd=PROJECT)
    build = BashOperator(
        task_id="dbt_build", bash_command="npm run -s dbt -- build --exclude test_type:unit", cwd=PROJECT
    )
    sync >> build


ewallet()
