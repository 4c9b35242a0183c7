"""Everything goes away again, but what was there before."""

from tests.e2e.staging.stage import Stage

KINDS = "all,configmaps,secrets,ingresses,networkpolicies,clusterroles,clusterrolebindings"


def test_down_leaves_nothing_in_the_cluster(stage: Stage):
    stage.settled = stage.deployed = False
    stage.kaldra("down")
    assert "kaldra" not in stage.objects("namespaces")
    label = "--selector=app.kubernetes.io/part-of=kaldra"
    left = stage.kubectl("get", KINDS, "--all-namespaces", "--output=name", label)
    assert left.replace("No resources found", "").strip() == ""
    assert stage.ask("/status/")[0] == 0
    stage.kaldra("down")


def test_down_all_forgets_the_stack(empty_stage: Stage):
    empty_stage.kaldra("down", "--all")
    assert not empty_stage.checkpoint.exists()
