import asyncio
import subprocess
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.core.failures import AcceptedNegativeData, Failure, FailureGroup
from schemathesis.generation import GenerationMode
from schemathesis.schemas import BaseSchema
from web.asking import Site

from justfit.web import jobs
from justfit.web.app import app
from justfit.web.openapi import openapi
from justfit.web.routes import routes
from justfit.web.server import Server
from justfit.web.static_files import StaticFiles

Named = Callable[[str], str]


def test_all_that_programs_ask_is_described(site: Site) -> None:
    server: Server = site.server
    asked = {
        (route.path, method.lower())  # type: ignore[attr-defined]
        for route in routes(server, StaticFiles(server.jobs))
        for method in route.methods - {"HEAD"}  # type: ignore[attr-defined]
        if route.path.startswith(("/api/", "/predict"))  # type: ignore[attr-defined]
    }
    described = {(path, method) for path, methods in openapi()["paths"].items() for method in methods}
    assert described == asked


def test_each_reference_leads_somewhere() -> None:
    description = openapi()
    schemas = description["components"]["schemas"]

    def referred(value: object) -> set[str]:
        if isinstance(value, dict):
            own = {value["$ref"]} if "$ref" in value else set()
            return own.union(*(referred(each) for each in value.values()))
        return set().union(*(referred(each) for each in value)) if isinstance(value, list) else set()

    assert referred(description) == {f"#/components/schemas/{name}" for name in schemas}


@pytest.mark.parametrize("name", ["classes", "values", "reviews", "leaky", "wild", "short", "wine"])
def test_answers_are_as_they_are_described(site: Site, named: Named, name: str) -> None:
    study = named(name)
    addresses = {
        "/api/studies": "/api/studies",
        f"/api/studies/{study}": "/api/studies/{study}",
        f"/api/studies/{study}/curves": "/api/studies/{study}/curves",
        f"/api/studies/{study}/networks/1": "/api/studies/{study}/networks/{number}",
        f"/api/studies/{study}/takes": "/api/studies/{study}/takes",
        f"/api/compare?run={study}:1&run={study}:2": "/api/compare",
    }
    description = openapi()
    for address, path in addresses.items():
        answered = site.get(address)
        responses = description["paths"][path]["get"]["responses"]
        schema = responses[str(answered.status_code)]["content"]["application/json"]["schema"]
        jsonschema.validate(
            answered.json(),
            {**schema, "components": description["components"]},
            jsonschema.Draft202012Validator,
        )


@pytest.fixture
def described(whole_store: Path, monkeypatch: pytest.MonkeyPatch) -> BaseSchema:
    """The interface of a server that starts no process."""

    async def started(*_: object) -> object:
        said = (subprocess.PIPE, subprocess.PIPE)
        return await asyncio.create_subprocess_exec("echo", '{"targets": []}', stdout=said[0], stderr=said[1])

    monkeypatch.setattr(jobs, "_started", started)
    served = app(whole_store, hosts=("testserver",))
    served.server.jobs._sets = [{"name": "wine", "sentence": "", "needs": ""}]
    schema = schemathesis.openapi.from_asgi("/openapi.json", served)
    return schema.exclude(path="/api/events")  # a stream has no end


def is_taken_rightly(fault: FailureGroup | Failure) -> bool:
    """Whether a form that was to lack its file was written as one that has it and nothing else, and taken."""
    failures = fault.exceptions if isinstance(fault, FailureGroup) else (fault,)
    told = str(fault)
    has_file = 'name="file"; filename="file"' in told and told.count("Content-Disposition") == 1
    return has_file and all(isinstance(each, AcceptedNegativeData) for each in failures)


@pytest.mark.slow
@pytest.mark.parametrize("mode", list(GenerationMode))
def test_whatever_is_asked_the_answer_is_as_described_and_never_a_fault(
    described: BaseSchema, mode: GenerationMode
) -> None:
    faults = []
    for operation in (found.ok() for found in described.get_all_operations()):

        @given(case=operation.as_strategy(generation_mode=mode))
        @settings(max_examples=15, suppress_health_check=list(HealthCheck), database=None)
        def asked(case: schemathesis.Case) -> None:
            case.call_and_validate()

        try:
            asked()
        except (FailureGroup, Failure) as fault:
            if not is_taken_rightly(fault):
                faults.append(f"{operation.label}: {fault}")
        except Unsatisfiable:
            assert mode is GenerationMode.NEGATIVE, operation.label  # nothing can be wrong with it
    assert not faults, "\n\n".join(faults)
