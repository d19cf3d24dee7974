"""The API's description: works without a network, tells the truth."""

import base64
import hashlib
import re

import msgspec

from schemas.manifest import MANIFEST_VERBS
from services.gateway.problems import KINDS
from tests.unit.services.gateway.gateway_bench import Bench


async def test_the_page_loads_nothing_from_elsewhere(bench: Bench) -> None:
    page = await bench.http.get("/docs")
    assert page.status_code == 200
    assert "://" not in page.text.replace("xmlns=", "")
    for address in re.findall(r'(?:src|href)="([^"]+)"', page.text):
        part = await bench.http.get(address)
        assert (part.status_code, address[0]) == (200, "/")
        assert part.headers["x-content-type-options"] == "nosniff"


async def test_the_policy_lets_the_pages_own_script_run_and_no_other(bench: Bench) -> None:
    page = await bench.http.get("/docs")
    policy = page.headers["content-security-policy"]
    (script,) = re.findall(r"<script>(.*?)</script>", page.text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'self' 'sha256-{digest}';" in policy
    assert "script-src 'self' 'unsafe-inline'" not in policy
    assert "connect-src 'self'" in policy


async def test_the_document_describes_events_from_the_models(bench: Bench) -> None:
    document = (await bench.http.get("/openapi.json")).json()
    post = document["paths"]["/v1/events"]["post"]
    assert set(post["requestBody"]["content"]) == {
        "application/json",
        "application/cloudevents+json",
        "application/cloudevents-batch+json",
        "application/x-ndjson",
    }
    event = document["components"]["schemas"]["ManifestEvent"]
    assert set(event["discriminator"]["mapping"]) == set(MANIFEST_VERBS)
    track = document["components"]["schemas"]["Track"]
    assert track["properties"]["type"]["const"] == "liandan.vehicle.track.v1"
    assert post["security"] == [{"ApiKey": []}]
    assert document["components"]["securitySchemes"]["ApiKey"]["scheme"] == "bearer"
    assert {"400", "401", "403", "408", "409", "413", "415", "422", "429", "503"} <= set(
        post["responses"]
    )
    for path in document["paths"].values():
        for operation in path.values():
            for status, response in operation["responses"].items():
                if int(status) >= 400:
                    assert list(response["content"]) == ["application/problem+json"]


async def test_every_reference_of_the_document_leads_somewhere(bench: Bench) -> None:
    document = (await bench.http.get("/openapi.json")).json()
    text = msgspec.json.encode(document).decode()
    for name in set(re.findall(r'"#/components/schemas/([^"]+)"', text)):
        assert name in document["components"]["schemas"]


def test_problem_codes_are_complete_sentences() -> None:
    for code, kind in KINDS.items():
        assert re.fullmatch(r"[a-z_]+", code)
        assert kind.zh and kind.en.endswith(".")
        assert (kind.retry_after_s is not None) == (kind.status in (429, 503))
