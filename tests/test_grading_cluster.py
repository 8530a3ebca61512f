"""The same marks through a Dask cluster as through threads, and nothing but the merge is done here."""

import importlib.util
import json
from pathlib import Path

import pytest
from distributed import LocalCluster

from course_lib.grading.__main__ import main

SPEC = importlib.util.spec_from_file_location("kinds", Path(__file__).with_name("test_grading_kinds.py"))
kinds = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(kinds)

pytestmark = kinds.pytestmark


@pytest.fixture
def submitted(tmp_path):
    school = kinds.School(tmp_path / "school")
    for learner, words in {"anna": None, "bob": "sys.exit", "eve": "os._exit", "fay": "empty"}.items():
        nb = kinds.Notebook(school)
        if words:
            kinds.KINDS[words][0](nb)
        (tmp_path / "in" / learner).mkdir(parents=True)
        nb.write(tmp_path / "in" / learner)
    school.server.close()
    return tmp_path / "in"


def graded(submitted, out, *arguments):
    code = main(["grade", kinds.UNIT, str(submitted), "--out", str(out), "--seed", "1", *arguments])
    results = {path.name: json.loads(path.read_text()) for path in (out / kinds.UNIT / "results").glob("*.json")}
    for result in results.values():
        del result["seconds"], result["graded"], result["busy"]
    return code, results


def test_a_cluster_gives_the_same_marks(submitted, tmp_path):
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        through_cluster = graded(submitted, tmp_path / "cluster", "--dask", cluster.scheduler_address)
    assert through_cluster == graded(submitted, tmp_path / "threads", "-j", "2")
    assert through_cluster[0] == 3
    assert len(through_cluster[1]) == 4
