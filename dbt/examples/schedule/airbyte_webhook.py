"""Runs dbt after a sync: Airbyte's "Successful syncs" webhook (Settings, Notifications) pointed at http://host:8088/<TOKEN>.

Airbyte's word that a sync succeeded means that records are in Kafka; the sink lands them within its flush interval, so the run
starts a little later. Needs WEBHOOK_TOKEN and dbt's EWALLET_WAREHOUSE_* variables. One run at a time; a sync that ends during a
run causes one more.
"""

import os
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

SECONDS_FOR_THE_SINK = 30
wanted = threading.Event()


def run_when_wanted() -> None:
    while True:
        wanted.wait()
        time.sleep(SECONDS_FOR_THE_SINK)
        wanted.clear()
        subprocess.run(["npm", "run", "-s", "dbt", "--", "build", "--exclude", "test_type:unit"], check=False)


class Webhook(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        if self.path != "/" + os.environ["WEBHOOK_TOKEN"]:
            self.send_error(404)
            return
        wanted.set()
        self.send_response(202)
        self.end_headers()


if __name__ == "__main__":
    threading.Thread(target=run_when_wanted, daemon=True).start()
    HTTPServer(("127.0.0.1", 8088), Webhook).serve_forever()
