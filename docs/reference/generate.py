"""Writes what comes from the services' code; run by `./kaldra reference`.

The pages of settings and routes, `.env.example`, the examples of answers in OpenAPI, and the JSON
Schemas of the data files with the editor settings that apply them.
"""

import json
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel

from app.factory import create_app
from app.routers.guarded import EXAMPLES
from app.settings import Settings as ApiSettings
from contract import requests
from contract.options import Options
from core.encoding import dumps
from core.kernel import Kernel
from core.settings import Settings as CoreSettings
from core.vocabulary.loader import FILES
from kaldra.cli.reference import meanings_of
from serving.settings import ServiceSettings, name_of

HERE = Path(__file__).resolve().parent
REPO = HERE.parents[1]


USUAL = ("ENV", "KALDRA_LOG_LEVEL", "API_PORT", "CORE_SERVICE_URL")
"""Variables that `.env.example` sets; the others stand there behind a #."""

VOCABULARY_ITEMS = 2
"""How much of a list an example shows."""


def settings_page() -> str:
    """Every environment variable of both services."""
    return (
        "# Settings of the services\n\n"
        "Environment variables, read once at the start. A wrong value stops the service with a\n"
        "message that names the variable. The stack sets those that differ from the default;\n"
        "secrets reach the services as mounted files only.\n\n"
        "This page comes from the code: `./kaldra reference`.\n\n"
        f"## kaldra-api\n\n{_table(ApiSettings)}\n"
        f"## kaldra-core\n\n{_table(CoreSettings)}"
    )


def _variables(settings: type[ServiceSettings]) -> dict[str, tuple[str, str, str]]:
    """Variable → its kind, its default, and what is said of it."""
    meanings = meanings_of(ServiceSettings) | meanings_of(settings)
    found = {}
    for field, info in settings.model_fields.items():
        default = "" if info.default in (None, ()) else str(info.default)
        found[name_of(settings, field)] = (_kind(info.annotation), default, meanings[field])
    return found


def _table(settings: type[ServiceSettings]) -> str:
    """Every variable of a service."""
    return "| variable | value | default | meaning |\n|--|--|--|--|\n" + "".join(
        f"| `{name}` | {kind} | {f'`{default}`' if default else 'none'} | {meaning} |\n"
        for name, (kind, default, meaning) in _variables(settings).items()
    )


def _kind(annotation: Any) -> str:
    """How a table names a field's type."""
    arguments = [a for a in get_args(annotation) if a is not type(None)]
    if get_origin(annotation) is Literal:
        return ", ".join(f"`{value}`" for value in arguments)
    if arguments and get_origin(annotation) is not tuple:
        return _kind(arguments[0])
    names = {int: "whole number", float: "number", str: "text", Path: "path"}
    return names.get(annotation, "comma-separated list" if arguments else "text")


def env_example() -> str:
    """`.env.example`: every variable with its default; a copy of it changes nothing."""
    common, api, core = map(_variables, (ServiceSettings, ApiSettings, CoreSettings))
    usual = "".join(f"{name}={(api | core)[name][1]}\n" for name in USUAL)
    text = (
        "# Values for running without Kubernetes: `cp .env.example .env`, then edit .env.\n"
        "# Read by ./kaldra serve, by uvicorn app.main:app and by ./kaldra up --stack local.\n"
        "# The real environment comes first, then .env, then the default. No secrets go in here.\n"
        f"\n{usual}"
        "\n# What follows has the defaults too; take the # away to set one.\n"
    )
    listed = list(USUAL)
    for whose, variables in (("both services", common), ("kaldra-api", api), ("kaldra-core", core)):
        text += f"\n# --- {whose}\n" + "".join(
            f"# {meaning}\n#{name}={default}\n"
            for name, (_, default, meaning) in variables.items()
            if name not in listed
        )
        listed += variables
    return text


def routes_page() -> str:
    """Every route of the gateway, and who may call it."""
    rows = [
        f"| `{method.upper()} {path}` | {operation['tags'][0]} | "
        f"{'a key' if operation.get('security') else 'nothing'} | {operation['summary']} |\n"
        for path, item in create_app(ApiSettings.load({})).openapi()["paths"].items()
        for method, operation in item.items()
    ]
    return (
        "# Routes of the gateway\n\n"
        "Bodies, answers and errors are described by the gateway itself: `/docs` is Swagger UI,\n"
        "where each route can be tried, `/openapi.json` is for programs. The page at `/` reads a\n"
        "text in the browser ([how](../how-to/page.md)). A key travels in `X-API-Key`.\n\n"
        "This page comes from the code: `./kaldra reference`.\n\n"
        "| route | part | needs | what it does |\n|--|--|--|--|\n" + "".join(rows)
    )


def example_answers(kernel: Kernel) -> dict[str, str]:
    """File name → what the kernel answers to the example of the same route's request."""
    one = _example(requests.SignalRequest)
    many = _example(requests.BatchRequest)["texts"]
    window = _example(requests.WindowRequest)["texts"]
    answers: dict[str, Any] = {
        "signal.json": kernel.signal(one["text"], Options.model_validate(one["options"])),
        "window.json": kernel.window(window),
        "vocabulary.json": kernel.vocabulary("archetypes", "en")[:VOCABULARY_ITEMS],
    }
    for name, model in requests.APPLICATIONS.items():
        answers[f"{name}.json"] = getattr(kernel, name)(**_example(model))
    texts = {name: dumps(answer).decode() + "\n" for name, answer in answers.items()}
    lines = [dumps(kernel.signal(text)).decode() + "\n" for text in many]
    return {**texts, "batch.ndjson": "".join(lines)}


def everything() -> dict[Path, str]:
    """Each generated file and its content."""
    # JSON Schema of each kind of data file, and where an editor finds it.
    models = {name.partition(".")[0]: model for name, model in FILES.items()}
    applied = [
        {
            "fileMatch": [f"data/{name}" for name in FILES if name.partition(".")[0] == kind],
            "url": f"./docs/reference/schemas/{kind}.json",
        }
        for kind in models
    ]
    schemas = {
        HERE / "schemas" / f"{kind}.json": m.model_json_schema() for kind, m in models.items()
    }
    documents = {REPO / ".vscode" / "settings.json": {"json.schemas": applied}, **schemas}
    examples = example_answers(Kernel.load()).items()
    return {
        HERE / "settings.md": settings_page(),
        HERE / "routes.md": routes_page(),
        REPO / ".env.example": env_example(),
        **{EXAMPLES / name: text for name, text in examples},
        **{
            path: json.dumps(document, indent=1, ensure_ascii=False) + "\n"
            for path, document in documents.items()
        },
    }


def _example(model: type[BaseModel]) -> dict[str, Any]:
    extra: Any = model.model_config["json_schema_extra"]
    return dict(extra["examples"][0])


if __name__ == "__main__":
    for path, content in everything().items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(content, encoding="utf-8")
