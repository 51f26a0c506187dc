from meristem.sequence.variants.terms import IMPACT, impact, join_terms


def test_terms_are_ranked_by_severity():
    assert join_terms(IMPACT) == ",".join(IMPACT)
    assert join_terms(["missense_variant", "splice_donor_variant"]).startswith("spl")
    assert impact("start_lost,missense_variant") == "HIGH"
