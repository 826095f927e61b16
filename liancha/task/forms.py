"""What is asked for a task, a scheme and a platform number: the shape only, no rule."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from django import forms

from liancha.accounts.models import Department
from liancha.lists.models import JointField, Method
from liancha.rulebook import lifecycles
from liancha.rulebook.lifecycles import TaskState

from .models import STAGES, Period, Scheme, Task

MINE = (("", "全部"), ("first", "我部门发起"), ("join", "我部门配合"), ("wait", "等我部门确认"))


class Query(forms.Form):
    q = forms.CharField(label="任务、编号、领域", required=False, max_length=60)
    state = forms.ChoiceField(
        label="状态", required=False, choices=[("", "全部"), *lifecycles.choices(TaskState)]
    )
    mine = forms.ChoiceField(label="与我部门的关系", required=False, choices=MINE)
    year = forms.ChoiceField(label="年度", required=False)
    source = forms.ChoiceField(
        label="来源", required=False, choices=[("", "全部"), *Task.Source.choices]
    )

    def __init__(self, *args: Any, years: Sequence[int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        year = self.fields["year"]
        assert isinstance(year, forms.ChoiceField)
        year.choices = [("", "全部"), *((str(each), f"{each} 年") for each in years)]


class DepartmentsField(forms.ModelMultipleChoiceField):
    def label_from_instance(self, obj: Any) -> str:
        return str(obj.short)


class OneOfMany(forms.Select):
    """Offers one, and hands on all that were posted, so that a second one can be refused."""

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        return data.getlist(name)


class TemporaryTask(forms.Form):
    """A task outside the plan. More than one field may be posted: then the action refuses."""

    source = forms.ChoiceField(
        label="来源",
        choices=[each for each in Task.Source.choices if each[0] != Task.Source.PLAN],
    )
    name = forms.CharField(label="任务名称", max_length=120)
    field = forms.ModelMultipleChoiceField(
        JointField.objects.none(), label="抽查领域", widget=OneOfMany
    )
    departments = DepartmentsField(
        Department.objects.none(),
        label="参与部门",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="本部门是发起部门，至少再选一个配合部门（第三条）。",
    )
    starts_on = forms.DateField(label="开始")
    ends_on = forms.DateField(label="结束")
    source_document = forms.CharField(
        label="来源文件文号",
        max_length=120,
        required=False,
        help_text="如：豫市监办〔2026〕18号。没有文件不能组织临时性联合抽查（第十三条）。",
    )
    source_reason = forms.CharField(
        label="原因", max_length=200, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(self, *args: Any, fields: Any, departments: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, among in (("field", fields), ("departments", departments)):
            chosen = self.fields[name]
            assert isinstance(chosen, forms.ModelMultipleChoiceField)
            chosen.queryset = among

    def clean_source_document(self) -> str:
        return self.cleaned_data["source_document"].strip()


class SchemeForm(forms.Form):
    """The scheme: texts, four stages, how it is done."""

    goal = forms.CharField(label="目标任务", max_length=4000, widget=forms.Textarea)
    duties = forms.CharField(label="职责分工", max_length=4000, widget=forms.Textarea)
    method = forms.ChoiceField(label="检查方式", choices=Method.choices)
    offsite = forms.ChoiceField(
        label="能否非现场", choices=Scheme.Offsite.choices, widget=forms.RadioSelect
    )
    offsite_note = forms.CharField(
        label="说明",
        max_length=200,
        required=False,
        help_text="能书面、数据核查的事项不到现场；仍要到现场的，写明原因。",
    )
    beacon_source = forms.CharField(
        label="公开随机源",
        max_length=120,
        required=False,
        help_text="抽取用的公开随机数，如：现场掷骰 10 枚；双色球第 2026135 期。可在摇号前再定。",
    )
    lists_open_on = forms.DateField(
        label="名单公开日",
        required=False,
        help_text="抽中名单从这天起公开；留空为全部检查结束之后。",
    )
    requirements = forms.CharField(
        label="工作要求", max_length=4000, required=False, widget=forms.Textarea
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for place, name in enumerate(STAGES):
            for edge, word in (("starts", "开始"), ("ends", "结束")):
                self.fields[f"{edge}_{place}"] = forms.DateField(label=f"{name}{word}")

    @staticmethod
    def stages_initial(periods: Sequence[Period]) -> dict[str, date]:
        """The dates of the stages as the form calls them."""
        return {f"starts_{n}": each.starts_on for n, each in enumerate(periods)} | {
            f"ends_{n}": each.ends_on for n, each in enumerate(periods)
        }

    def stage_rows(self) -> list[tuple[str, Any, Any]]:
        """(stage, its first day's field, its last day's field)."""
        return [(name, self[f"starts_{n}"], self[f"ends_{n}"]) for n, name in enumerate(STAGES)]

    def clean(self) -> None:
        """A stage does not end before it starts; the rest is for the Measures to say."""
        for place, name in enumerate(STAGES):
            first = self.cleaned_data.get(f"starts_{place}")
            last = self.cleaned_data.get(f"ends_{place}")
            if first and last and last < first:
                self.add_error(f"ends_{place}", f"{name}结束早于开始 {first}。请改正。")

    @property
    def stages(self) -> list[dict[str, Any]]:
        return [
            {
                "name": name,
                "starts": self.cleaned_data[f"starts_{place}"],
                "ends": self.cleaned_data[f"ends_{place}"],
            }
            for place, name in enumerate(STAGES)
        ]


class PlatformForm(forms.Form):
    number = forms.CharField(label="监管平台编号", max_length=40, required=False)
    reason = forms.CharField(label="暂无编号的原因", max_length=200, required=False)
