"""Every command of README.md and docs/, and how it is known to work.

A command that is known here in no way fails tests/platform/test_docs.py, and so does an entry that
no page has any more. Words behind `#` in a page do not count.
"""

from collections.abc import Iterator
from pathlib import Path

from kaldra.paths import REPO
from tests import commands

PAGES = [REPO / "README.md", *sorted((REPO / "docs").rglob("*.md"))]
NAMES = [str(page.relative_to(REPO)) for page in PAGES]

STAGED = "test_up_goes_to_status"
GIVEN_UP = "test_a_state_is_given_up"
DRIFT = "test_drift_is_told_with_object_and_field_and_put_right"
DOWN_ALL = "test_down_all_leaves_no_container_network_volume_or_cluster"
PUSHED = "test_pushed_images_are_told_by_digest_and_joined_under_one_tag"

IN_A_SANDBOX = {
    "./kaldra --help",
    "./kaldra reference",
    "./kaldra render --stack staging --out rendered",
    "cp .env.example .env",
    "git --version",
    "git checkout v0.1.0",
    "python3 --version",
}
"""Run as they are, in a copy of the clone, by tests/platform/test_docs.py."""

SERVERS = {
    ".venv/bin/python -m core",
    "KALDRA_AUTH=off .venv/bin/python -m app",
    "KALDRA_AUTH=off .venv/bin/uvicorn app.main:app --reload --port 8000",
}
"""Run there too, on ports of their own, until they have answered."""

ON_THE_PLATFORM = ("./kaldra ", "curl ", "docker ps", "eval ", "kubectl ", "pulumi ")
"""How commands begin that, unless a table has them, are run page by page.

tests/e2e/test_16_documentation.py does it, with that clone's names and ports.
"""

BY_ANOTHER_TEST = {
    "./kaldra build": "test_two_builds_of_the_same_sources_have_the_same_layers",
    "./kaldra build --sbom": "test_the_bill_of_materials_holds_what_the_image_holds",
    "./kaldra logs -f": "test_logs_follow_a_rollout",
    "./kaldra doctor --fix": "test_doctor_repairs_without_deploying",
    "./kaldra clean --all": "test_only_what_runs_is_kept_after_a_yes",
    "./kaldra build --strict": "test_strict_fails_on_a_fault_of_a_python_package_alone",
    "./kaldra lock": "test_what_follows_from_a_version_is_made_with_it",
    "./kaldra build --tag v0.1.0": "test_two_builds_of_the_same_sources_have_the_same_layers",
    "./kaldra build --tag v0.1.0 --push ghcr.io/OWNER": PUSHED,
    "./kaldra build --tag v0.1.0-amd64 --push ghcr.io/OWNER": PUSHED,
    "./kaldra build --tag v0.1.0-arm64 --push ghcr.io/OWNER": PUSHED,
    "./kaldra publish ghcr.io/OWNER --tag v0.1.0": PUSHED,
    "./kaldra checklist --stack local": "test_the_checklist_holds_and_takes_nothing_down",
    "./kaldra diff origin/main": "test_a_change_of_a_setting_and_of_the_program_is_told",
    "./kaldra diff v0.1.0 --stack staging": "test_a_change_of_a_setting_and_of_the_program_is_told",
    "ln -s Dockerfile platform/images/worker.Dockerfile": "test_it_runs_on_docker",
    "./kaldra down": "test_down_takes_the_stack_away_and_keeps_the_cluster",
    "./kaldra down --all": DOWN_ALL,
    "./kaldra down --stack mine --all": DOWN_ALL,
    "./kaldra forward --port 9100 --service kaldra-core": (
        "test_forward_keeps_its_port_when_the_pod_is_replaced"
    ),
    "./kaldra rollback": "test_a_rollback_brings_back_images_and_settings",
    "./kaldra rollback --stack staging": "test_a_rollback_brings_back_images_and_settings",
    "./kaldra rollback --to 3": "test_any_release_that_worked_may_be_named",
    "./kaldra dev": "test_a_save_is_served_and_up_returns_to_what_the_files_say",
    "./kaldra dev --debug core": "test_a_debugger_attaches_through_a_receiver",
    "./kaldra serve": "test_a_signal_is_the_kernel_s_byte_for_byte",
    "./kaldra serve --reload": "test_a_change_is_reloaded_and_its_fault_is_told",
    "./kaldra trace 5f0c2a1b": "test_the_path_of_a_request_through_both_services_is_drawn",
    "./kaldra trace --slowest --since 10m": "test_what_cannot_be_shown_is_explained",
    "./kaldra trace --file kaldra.log --slowest": "test_which_request",
    "KALDRA_LOG_SPANS=on ./kaldra serve | tee kaldra.log": (
        "test_spans_are_read_as_the_services_write_them"
    ),
    "./kaldra serve api": "test_the_gateway_alone_uses_the_core_it_is_told",
    "./kaldra status --stack staging": DRIFT,
    "./kaldra status --stack staging || test $? -ne 3": DRIFT,
    "PULUMI_K8S_ENABLE_PATCH_FORCE=true ./kaldra up --stack staging": DRIFT,
    "KALDRA_ROUTE=publisher ./kaldra up": "test_environment_decides_without_asking",
    "KALDRA_ROUTE=registries ./kaldra up": "test_environment_decides_without_asking",
    "curl -H 'Content-Type: application/json' -d '{\"text\": \"We raised our guidance.\"}' "
    "http://127.0.0.1:8000/engine/kaldra/signal": "test_a_signal_is_the_kernel_s_byte_for_byte",
    "docker image inspect kaldra-api:dev --format '{{json .Config.Labels}}'": (
        "test_no_file_names_another_version"
    ),
    "KALDRA_TRUSTED_PROXIES=127.0.0.1 KALDRA_ALLOWED_HOSTS=api.example.org .venv/bin/python "
    "-m app": "test_a_trusted_proxy_names_the_address",
    "docker network rm kaldra-dev": GIVEN_UP,
    "docker rm -f -v kaldra-dev-control-plane kaldra-dev-registry": GIVEN_UP,
    "docker volume rm kaldra-dev-registry": GIVEN_UP,
    "rm -r .kaldra": GIVEN_UP,
    "rm -rf .kaldra .venv .venv.lock": "test_everything_is_made_from_the_start",
    "pulumi plugin ls": "test_pulumi_lists_both_plugins",
    "KALDRA_PLAIN_SECRETS=1 pulumi up -v=9 2> pulumi.log": (
        "test_a_log_that_would_hold_the_key_is_refused"
    ),
    'eval "$(./kaldra env --stack staging)"': STAGED,
    "pulumi config set --path kaldra:registry.pull.username reader": STAGED,
    "pulumi config set --path kaldra:registry.push.username robot": STAGED,
    "pulumi config set --secret --path kaldra:registry.pull.password": STAGED,
    "pulumi config set --secret --path kaldra:registry.push.password": STAGED,
    'pulumi config set --secret --path kaldra:apiKeys.front "$(openssl rand -base64 24)"': STAGED,
    "./kaldra up --stack staging": STAGED,
    "./kaldra preview --stack staging": STAGED,
    "kubectl --context kaldra-staging --namespace kaldra create secret tls kaldra-api-tls "
    "--cert tls.crt --key tls.key": STAGED,
    "kubectl apply --dry-run=server --filename rendered": (
        "test_the_api_server_accepts_everything_rendered"
    ),
}
"""The test that does the same, with names of its own."""

NOT_RUN = {
    ".venv/bin/biome check --write app/static tests": "lint runs it without --write",
    ".venv/bin/python bench/kernel_truth.py": "a measurement",
    ".venv/bin/python -m bench.page": "a measurement",
    ".venv/bin/python -m bench.under_attack": "a measurement",
    ".venv/bin/python -m pytest tests/app/test_page.py tests/browser": "runs some of these tests",
    "./kaldra test -m attack": "runs some of these tests",
    "./kaldra lint": "the first half of `./kaldra test`, which runs these tests",
    "./kaldra test": "runs these tests",
    "./kaldra test --fast": "runs these tests",
    "./kaldra test -m e2e": "runs these tests",
    "./kaldra test -m workflows": "runs these tests in a checkout of its own",
    "cosign verify ghcr.io/4iam/kaldra/kaldra-api:v0.1.0 --certificate-oidc-issuer "
    "https://token.actions.githubusercontent.com --certificate-identity-regexp "
    "'^https://github.com/4iam/kaldra/'": "needs a release on GitHub",
    "docker login ghcr.io": "needs an account",
    "gh attestation verify oci://ghcr.io/4iam/kaldra/kaldra-api:v0.1.0 --repo 4iam/kaldra": (
        "needs a release on GitHub"
    ),
}
"""Why a command is run by no test."""

LISTED = [*IN_A_SANDBOX, *SERVERS, *BY_ANOTHER_TEST, *NOT_RUN]


def is_run_on_the_platform(command: str) -> bool:
    return command.startswith(ON_THE_PLATFORM) and command not in LISTED


def documented() -> Iterator[tuple[Path, int, list[str]]]:
    """Page, line and commands of each block that has any."""
    for page in PAGES:
        for line, found in commands.of_page(page.read_text(encoding="utf-8")):
            yield page, line, found
