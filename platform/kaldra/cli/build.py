"""`./kaldra build`: build the images without a stack; optionally write SBOMs and push."""

from collections.abc import Mapping
from pathlib import Path

from kaldra.cli.ui import Console
from kaldra.errors import KaldraError
from kaldra.paths import REPO
from kaldra.release import bom, contents, naming, pushing, vulnerabilities
from kaldra.release.contents import Contents
from kaldra.stack.services import SERVICES, build_arguments
from kaldra.toolchain import image_build
from kaldra.toolchain.image_build import Recipe
from kaldra.toolchain.machine import machine
from kaldra.toolchain.prepare import prepare


def run(  # noqa: PLR0913  one parameter per option
    console: Console,
    *,
    tag: str,
    assume_yes: bool,
    push: str | None = None,
    sbom: bool = False,
    strict: bool = False,
    out: Path = Path("dist"),
    no_cache: bool = False,
) -> None:
    """Build the images; write SBOMs and push them if requested.

    Prints `name:tag@digest` of each pushed image on standard output.
    """
    naming.checked_tag(tag)
    registry = None if push is None else naming.checked_registry(push)
    if sbom or strict:
        out.mkdir(parents=True, exist_ok=True)
    prepared = prepare("build", console, assume_yes=assume_yes)
    source = naming.source(REPO)
    images = {service.name: f"{service.name}:{tag}" for service in SERVICES}
    for service in SERVICES:
        image = images[service.name]
        recipe = Recipe(
            image=image,
            context=".",
            dockerfile=f"platform/images/{service.key}.Dockerfile",
            target=service.key,
            args=build_arguments(prepared.base_image, prepared.builder_image),
            platform=f"linux/{machine().arch}",
            cache=not no_cache,
        )
        with console.step(f"image {image}") as step:
            image_build.build(recipe, lambda line: step.update(line[:70]), cwd=REPO)
    if sbom or strict:
        found: dict[str, Contents] = {}
        for name, image in images.items():
            with console.step(f"contents of {name}") as step:
                found[name] = contents.read(image)
                file = out / f"{name}.cdx.json"
                file.write_text(bom.document(name, found[name], source), encoding="utf-8")
                step.done(f"{len(found[name].packages)} packages in {file}")
        _report(console, found, out, strict=strict)
    for image in images.values() if registry else ():
        remote = f"{registry}/{image}"
        with console.step(f"push {remote}") as step:
            pushing.docker(remote, "tag", image, remote, what=f"Naming {image} {remote}")
            digest = pushing.push(remote, "push", each_line=lambda line: step.update(line[:70]))
            step.done(digest)
        print(f"{remote}@{digest}", flush=True)  # noqa: T201  the verb's result


def _report(console: Console, found: Mapping[str, Contents], out: Path, *, strict: bool) -> None:
    with console.step("known vulnerabilities") as step:
        report = vulnerabilities.report(found)
        file = out / "vulnerabilities.json"
        file.write_text(report.document(), encoding="utf-8")
        step.done(f"{report.sentence() if report.complete else 'not checked'} · {file}")
    if not report.complete:
        console.warn(f"The images are {report.sentence()}")
    for finding in report.ours:
        cure = f"fixed in {', '.join(finding.fixed)}" if finding.fixed else "no fix yet"
        console.warn(
            f"{finding.package} {finding.version}: {finding.id} {finding.summary} ({cure})"
        )
    if strict and not report.complete:
        raise KaldraError(
            f"The images are {report.sentence()}",
            hint="Run again with access to the OSV service, or without --strict.",
        )
    if strict and report.ours:
        raise KaldraError(
            f"{len(report.ours)} known vulnerabilities in Python packages of the images.",
            hint="Raise the versions in pyproject.toml, then: ./kaldra lock",
        )
