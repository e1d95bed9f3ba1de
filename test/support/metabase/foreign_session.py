"""A day with Metabase through PyPI's metabase-api: what a user of that client sees, as one JSON object on stdout."""

import json
import sys

from metabase_api import Metabase_API

job = json.load(sys.stdin)
seen = {}

by_key = Metabase_API(job["url"], api_key=job["apiKey"])
mb = Metabase_API(job["url"], job["email"], job["password"])

seen["dashboards_found"] = [item["name"] for item in mb.search("health", item_type="dashboard")]
seen["collections"] = sorted(str(item["name"]) for item in mb.get("/api/collection/"))
database = mb.get_item_id("database", "E-wallet warehouse")

collection = mb.post("/api/collection/", json={"name": "Made by metabase-api"})
mb.create_card(
    custom_json={
        "name": "One",
        "display": "table",
        "dataset_query": {
            "type": "native",
            "database": database,
            "native": {"query": "select 1 as one", "template-tags": {}},
        },
    },
    collection_name="Made by metabase-api",
)
card = mb.get_item_id("card", "One", collection_name="Made by metabase-api")
seen["card"] = {key: mb.get_item_info("card", card)[key] for key in ("name", "display", "collection_id", "archived")}
seen["card"]["collection_id"] = seen["card"]["collection_id"] == collection["id"]
seen["renamed"] = mb.put(f"/api/card/{card}", json={"name": "Number one"})
seen["name"] = mb.get_item_name("card", card)

dashboard = mb.get_item_info("dashboard", mb.get_item_id("dashboard", job["dashboard"]))
seen["tabs"] = [tab["name"] for tab in dashboard["tabs"]]
kept = [
    {key: one[key] for key in ("id", "card_id", "row", "col", "size_x", "size_y", "dashboard_tab_id")}
    for one in dashboard["dashcards"]
]
placed = {"card_id": card, "row": 90, "col": 0, "size_x": 6, "size_y": 4, "dashboard_tab_id": dashboard["tabs"][0]["id"]}
seen["placed"] = mb.put(f"/api/dashboard/{dashboard['id']}", json={"dashcards": [*kept, {"id": -1, **placed}]})
after = mb.get_item_info("dashboard", dashboard["id"])
seen["cards"] = len(after["dashcards"]) - len(dashboard["dashcards"])
seen["ids_kept"] = {one["id"] for one in dashboard["dashcards"]} <= {one["id"] for one in after["dashcards"]}

seen["archived"] = mb.put(f"/api/card/{card}", json={"archived": True})
seen["in_trash"] = [one["name"] for one in mb.get("/api/card/", params={"f": "archived"})]
seen["by_key"] = by_key.get(f"/api/card/{card}")["name"]

# Its own short form sends a colour, which Metabase took until collections lost theirs.
seen["with_colour"] = mb.create_collection("Coloured", parent_collection_id=collection["id"], return_results=True)
# Endpoints that are gone, and bodies that no release takes.
seen["old_endpoint"] = mb.put(f"/api/dashboard/{dashboard['id']}/cards", json={"cards": []})
seen["no_name"] = mb.post("/api/card/", "raw", json={"display": "table"}).status_code

json.dump(seen, sys.stdout)
