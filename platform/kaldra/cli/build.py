"""`./kaldra build`: build the images without a stack; optionally write SBOMs and push."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kaldra.cli.ui import Console
from kaldra.errors import KaldraError
from kaldra.paths import REPO
from kaldra.release import bom, contents, naming, pushing, vulnerabilities
from kaldra.stack.services import SERVICES, Service, build_arguments
from kaldra.toolchain import image_build
from kaldra.toolchain.image_build import Recipe
from kaldra.toolchain.machine import machine
from kaldra.toolchain.prepare import Prepared, prepare


@dataclass(frozen=True)
class Wanted:
    """What to build, and what to do with the images."""

    tag: str
    push: str | None = None
    sbom: bool = False
    strict: bool = False
    out: Path = Path("dist")
    no_cache: bool = False


def run(console: Console, *, assume_yes: bool, **options: Any) -> None:
    """Build the images; write SBOMs and push them if requested.

    Prints `name:tag@digest` of each pushed image on standard output.
    """
    wanted = Wanted(**options)
    naming.checked_tag(wanted.tag)
    registry = None if wanted.push is None else naming.checked_registry(wanted.push)
    described = wanted.sbom or wanted.strict
    if described:
        wanted.out.mkdir(parents=True, exist_ok=True)
    prepared = prepare("build", console, assume_yes=assume_yes)
    source = naming.source(REPO)
    for service in SERVICES:
        _build(console, service, wanted, prepared)
    if described:
        _describe(console, wanted, source)
    if registry:
        for service in SERVICES:
            _push(console, f"{service.name}:{wanted.tag}", registry)


def _build(console: Console, service: Service, wanted: Wanted, prepared: Prepared) -> None:
    image = f"{service.name}:{wanted.tag}"
    recipe = Recipe(
        image=image,
        context=".",
        dockerfile=f"platform/images/{service.key}.Dockerfile",
        target=service.key,
        args=build_arguments(prepared.base_image, prepared.builder_image),
        platform=f"linux/{machine().arch}",
        cache=not wanted.no_cache,
    )
    with console.step(f"image {image}") as step:
        image_build.build(recipe, lambda line: step.update(line[:70]), cwd=REPO)


def _describe(console: Console, wanted: Wanted, source: naming.Source) -> None:
    """Write the bill of materials of each image and the report of known vulnerabilities."""
    found: dict[str, contents.Contents] = {}
    for name in (service.name for service in SERVICES):
        with console.step(f"contents of {name}") as step:
            found[name] = contents.read(f"{name}:{wanted.tag}")
            file = wanted.out / f"{name}.cdx.json"
            file.write_text(bom.document(name, found[name], source), encoding="utf-8")
            step.done(f"{len(found[name].packages)} packages in {file}")
    _report(console, wanted, found)


def _report(console: Console, wanted: Wanted, found: Mapping[str, contents.Contents]) -> None:
    with console.step("known vulnerabilities") as step:
        report = vulnerabilities.report(found)
        file = wanted.out / "vulnerabilities.json"
        file.write_text(report.document(), encoding="utf-8")
        step.done(f"{report.sentence() if report.complete else 'not checked'} · {file}")
    if not report.complete:
        console.warn(f"The images are {report.sentence()}")
    for finding in report.ours:
        cure = f"fixed in {', '.join(finding.fixed)}" if finding.fixed else "no fix yet"
        console.warn(
            f"{finding.package} {finding.version}: {finding.id} {finding.summary} ({cure})"
        )
    if not wanted.strict:
        return
    if not report.complete:
        raise KaldraError(
            f"The images are {report.sentence()}",
            hint="Run again with access to the OSV service, or without --strict.",
        )
    if report.ours:
        raise KaldraError(
            f"{len(report.ours)} known vulnerabilities in Python packages of the images.",
            hint="Raise the versions in pyproject.toml, then: ./kaldra lock",
        )


def _push(console: Console, image: str, registry: str) -> None:
    remote = f"{registry}/{image}"
    with console.step(f"push {remote}") as step:
        digest = pushing.push(image, remote, lambda line: step.update(line[:70]))
        step.done(digest)
    print(f"{remote}@{digest}", flush=True)  # noqa: T201  the verb's result
