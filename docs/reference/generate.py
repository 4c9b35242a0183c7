"""Writes what comes from the services' code; run by `./kaldra reference`.

The pages of settings and routes, `.env.example`, the examples of answers in OpenAPI, and the JSON
Schemas of the data files with the editor settings that apply them.
"""

import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

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


def _variables(settings: type[ServiceSettings]) -> dict[str, tuple[FieldInfo, str]]:
    """Variable → its field, and what is said of it."""
    meanings = meanings_of(ServiceSettings) | meanings_of(settings)
    fields = settings.model_fields.items()
    return {name_of(settings, field): (info, meanings[field]) for field, info in fields}


def _table(settings: type[ServiceSettings]) -> str:
    """Every variable of a service."""
    return "| variable | value | default | meaning |\n|--|--|--|--|\n" + "".join(
        f"| `{name}` | {_kind(info.annotation)} "
        f"| {'none' if info.default in (None, ()) else f'`{info.default}`'} | {meaning} |\n"
        for name, (info, meaning) in _variables(settings).items()
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
    usual = "".join(_env_line(name, (api | core)[name][0]) for name in USUAL)
    return (
        "# Values for running without Kubernetes: `cp .env.example .env`, then edit .env.\n"
        "# Read by ./kaldra serve, by uvicorn app.main:app and by ./kaldra up --stack local.\n"
        "# The real environment comes first, then .env, then the default. No secrets go in here.\n"
        f"\n{usual}"
        "\n# What follows has the defaults too; take the # away to set one.\n"
        f"\n# --- both services\n{_env_lines(common, USUAL)}"
        f"\n# --- kaldra-api\n{_env_lines(api, (*USUAL, *common))}"
        f"\n# --- kaldra-core\n{_env_lines(core, (*USUAL, *common))}"
    )


def _env_lines(variables: Mapping[str, tuple[FieldInfo, str]], but: Collection[str]) -> str:
    return "".join(
        f"# {meaning}\n#{_env_line(name, info)}"
        for name, (info, meaning) in variables.items()
        if name not in but
    )


def _env_line(variable: str, info: FieldInfo) -> str:
    """NAME=default."""
    return f"{variable}={'' if info.default in (None, ()) else info.default}\n"


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


def schemas() -> dict[Path, str]:
    """JSON Schema of each kind of data file, and where an editor finds it."""
    models = {name.partition(".")[0]: model for name, model in FILES.items()}
    applied = [
        {
            "fileMatch": [f"data/{name}" for name in FILES if name.partition(".")[0] == kind],
            "url": f"./docs/reference/schemas/{kind}.json",
        }
        for kind in models
    ]
    return {
        REPO / ".vscode" / "settings.json": _json({"json.schemas": applied}),
        **{
            HERE / "schemas" / f"{kind}.json": _json(model.model_json_schema())
            for kind, model in models.items()
        },
    }


def _json(value: Any) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"


def everything() -> dict[Path, str]:
    """Each generated file and its content."""
    examples = example_answers(Kernel.load()).items()
    return {
        HERE / "settings.md": settings_page(),
        HERE / "routes.md": routes_page(),
        REPO / ".env.example": env_example(),
        **schemas(),
        **{EXAMPLES / name: text for name, text in examples},
    }


def _example(model: type[BaseModel]) -> dict[str, Any]:
    extra: Any = model.model_config["json_schema_extra"]
    return dict(json.loads(json.dumps(extra["examples"][0])))


if __name__ == "__main__":
    for path, content in everything().items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(content, encoding="utf-8")
