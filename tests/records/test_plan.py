"""`meristem.records.plan`: the compiled graph, by its contents."""

from dataclasses import replace

from tests import toys

from meristem.records.plan import NetworkPlan


def test_equal_plans_have_equal_hashes() -> None:
    plan: NetworkPlan = toys.network_plan({"g": (0, 2)}, variants=3, heads=["g"])
    other = toys.network_plan({"g": (0, 1)}, variants=3, heads=["g"])
    assert plan.hash == replace(plan, source="elsewhere").hash
    assert plan.hash != other.hash
    assert (plan.n_node, plan.n_edge) == (1, 2)
