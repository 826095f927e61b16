from django.urls import path

from .views import beside, lines, office, public, trials

app_name = "plan"
urlpatterns = [
    path("plans/", office.plans, name="plans"),
    path("plans/new/", office.new_plan, name="new_plan"),
    path("plans/<int:pk>/", office.plan, name="plan"),
    path("plans/<int:pk>/plan.xlsx", office.export, name="export"),
    path("plans/<int:pk>/recount/", office.recount, name="recount"),
    path("plans/<int:pk>/send/", office.send, name="send"),
    path("plans/<int:pk>/withdraw/", office.withdraw, name="withdraw"),
    path("plans/<int:pk>/cosign/", office.cosign, name="cosign"),
    path("plans/<int:pk>/return/", office.return_plan, name="return"),
    path("plans/<int:pk>/approve/", office.approve, name="approve"),
    path("plans/<int:pk>/publish/", office.publish, name="publish"),
    path("plans/<int:pk>/platform/", office.platform, name="platform"),
    path("plans/<int:pk>/exceptions/", office.exceptions, name="exceptions"),
    path(
        "plans/exceptions/<int:pk>/withdraw/", office.withdraw_exception, name="withdraw_exception"
    ),
    path("plans/<int:pk>/lines/new/", lines.new_line, name="new_line"),
    path("plans/<int:pk>/derive/", beside.derive, name="derive"),
    path("plans/<int:pk>/file/", beside.file_plan, name="file"),
    path("plans/campaigns/", beside.campaigns, name="campaigns"),
    path("plans/campaigns/new/", beside.new_campaign, name="new_campaign"),
    path("plan-lines/<int:pk>/terms/", beside.terms, name="terms"),
    path("plans/<int:pk>/rates/", lines.rates, name="rates"),
    path("plans/<int:pk>/trial/", trials.trial, name="trial"),
    path("plans/<int:pk>/trial/trial.xlsx", trials.workbook, name="trial_workbook"),
    path("plans/<int:pk>/trial/save/", trials.save, name="save_scenario"),
    path("plans/<int:pk>/trial/apply/", trials.apply, name="apply_rates"),
    path("plans/scenarios/<int:pk>/drop/", trials.drop, name="drop_scenario"),
    path("plan-lines/<int:pk>/", lines.line, name="line"),
    path("plan-lines/<int:pk>/edit/", lines.edit_line, name="edit_line"),
    path("plan-lines/<int:pk>/drop/", lines.drop_line, name="drop_line"),
    path("plan-lines/<int:pk>/adjust/", lines.adjust, name="adjust"),
    path("adjustments/<int:pk>/approve/", lines.approve_adjustment, name="approve_adjustment"),
    path("adjustments/<int:pk>/decline/", lines.decline_adjustment, name="decline_adjustment"),
    path("public/plans/", public.plans, name="public_plans"),
    path("public/plans/<int:pk>/", public.plan, name="public_plan"),
    path("public/plans/<int:pk>/plan.xlsx", public.workbook, name="public_workbook"),
    path("public/plans/<int:pk>/plan.docx", public.document, name="public_document"),
    path("public/plans/notices/<int:pk>/", public.notice, name="notice"),
    path("public/plans/notices/<int:pk>/notice.docx", public.notice_document, name="notice_docx"),
    path("public/plans/<int:pk>/plan.json", public.data, name="public_data"),
]
