import platformdirs

from justfit.report.vega import vega


def test_the_script_is_kept_and_made_anew_where_the_kept_one_was_changed() -> None:
    vega.cache_clear()
    script = vega()
    (kept,) = platformdirs.user_cache_path("justfit").glob("vega-*.js")
    assert "vegaEmbed" in script
    kept.write_text("alert(1)")
    vega.cache_clear()
    assert vega() == script
    assert kept.read_text() == script
