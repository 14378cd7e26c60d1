"""What a task cancels: the job that it started, when it is killed, runs out of time or is cleared; and no other."""

from __future__ import annotations

import pytest

from datarobot_provider.exceptions import TransportError
from datarobot_provider.jobs.model import JobRef
from datarobot_provider.version_compat import AirflowException
from tests.support.airflow import TaskDeferred
from tests.unit.operators.builds import BUILD, REF, build, script, state
from tests.unit.support import remembered, response


class TestKilling:
    def test_a_kill_while_waiting_cancels_the_job(self, api, context, task_log):
        script(api, state("processing"))
        task = build()

        def killed(_request):
            task.on_kill()
            task.on_kill()
            return state("success")

        api.on("GET", BUILD, response(422, {}), killed, state("success"))
        task.execute(context)
        assert api.paths("DELETE") == [BUILD]
        assert "The task was killed. The dependency build was cancelled in DataRobot." in task_log()

    def test_a_kill_cancels_nothing_if_so_told(self, api, context):
        task = build(cancel_on_kill=False)
        script(api)
        api.on("GET", BUILD, lambda _: task.on_kill() or state("success"))
        task.execute(context)
        assert api.sent("DELETE") == []

    def test_a_kill_before_or_after_the_wait_cancels_nothing(self, api, context):
        script(api, state("success"))
        task = build()
        task.on_kill()
        task.execute(context)
        task.on_kill()
        assert api.sent("DELETE") == []

    def test_a_kill_does_not_cancel_a_build_of_somebody_else(self, api, context, task_log):
        script(api, state("processing"))
        api.on("POST", BUILD, response(422, {"message": "it is being built"}))
        task = build()
        api.on("GET", BUILD, state("processing"), state("processing"), lambda _: task.on_kill() or state("success"))
        assert task.execute(context) == {"buildStatus": "success"}
        assert api.sent("DELETE") == []
        assert "Another task has started the job; this task will not cancel it." in task_log()
        assert "The dependency build is not cancelled, because this task did not start it" in task_log()


class TestJoining:
    """A build that runs already refuses a second one; whoever is refused waits for it, and leaves it alone."""

    REFUSED = response(422, {"message": "it is being built"})

    def test_a_timeout_does_not_cancel_a_build_of_somebody_else(self, api, context, store):
        script(api, state("processing"))
        api.on("POST", BUILD, self.REFUSED)
        with pytest.raises(
            AirflowException, match="The dependency build is not cancelled, because this task did not start it"
        ):
            build(timeout=0).execute(context)
        assert api.sent("DELETE") == []
        assert remembered(store) == [JobRef(REF.kind, REF.ids, joined=True)]

    def test_the_trigger_is_told_that_the_task_only_joined(self, api, context):
        script(api, state("processing"))
        api.on("POST", BUILD, self.REFUSED)
        with pytest.raises(TaskDeferred) as caught:
            build(deferrable=True).execute(context)
        assert JobRef.loads(caught.value.trigger.serialize()[1]["ref"]).joined is True

    @pytest.mark.parametrize(
        ("before", "joined"), [(response(422, {}), False), (state("processing"), True)], ids=["nothing ran", "one ran"]
    )
    def test_a_build_whose_response_was_lost_is_our_own_if_none_ran_before(
        self, api, context, store, ti, before, joined
    ):
        script(api, before)
        api.on("POST", BUILD, TransportError("lost", reason="lost", sent=True))
        with pytest.raises(AirflowException, match="lost"):
            build().execute(context)
        ti.retry()
        script(api, state("processing"), state("success"))
        api.on("POST", BUILD, self.REFUSED)
        build().execute(context)
        assert remembered(store) == [JobRef(REF.kind, REF.ids, joined=joined)]

    def test_a_clear_leaves_a_joined_build_alone(self, api, context, ti):
        script(api, state("processing"))
        api.on("POST", BUILD, self.REFUSED)
        build(wait_for_completion=False).execute(context)
        ti.clear()
        script(api, state("processing"), state("success"))
        api.on("POST", BUILD, self.REFUSED)
        assert build().execute(context) == {"buildStatus": "success"}
        assert api.sent("DELETE") == []
