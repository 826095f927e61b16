from django.urls import path

from .views import field, office, paper, public

app_name = "inspection"
urlpatterns = [
    path("visits/", office.visits, name="visits"),
    path("visits/notify/", office.notify_many, name="notify_many"),
    path("visits/<int:pk>/", office.visit, name="visit"),
    path("visits/<int:pk>/plan/", office.plan, name="plan"),
    path("visits/<int:pk>/leader/", office.leader, name="leader"),
    path("visits/<int:pk>/notify/", office.notify, name="notify"),
    path("visits/<int:pk>/surprise/", office.surprise, name="surprise"),
    path("visits/<int:pk>/tries/", office.failed_contact, name="failed_contact"),
    path("visits/<int:pk>/experts/", office.invite, name="invite"),
    path("visits/<int:pk>/opinion/", office.opinion, name="opinion"),
    path("visits/<int:pk>/notice/", paper.notice, name="notice"),
    path("visits/<int:pk>/record/", paper.record, name="record"),
    path("visits/<int:pk>/signature.png", paper.signature, name="signature"),
    path("tasks/<int:pk>/teams/", office.task, name="task"),
    path("tasks/<int:pk>/teams/form/", office.form_teams, name="form_teams"),
    path("tasks/<int:pk>/teams/plan/", office.plan_many, name="plan_many"),
    path("field/", field.today, name="today"),
    path("field/schedule/", field.schedule, name="schedule"),
    path("field/rules/", field.rules, name="rules"),
    path("field/drafts/", field.drafts, name="drafts"),
    path("field/card/", field.card, name="card"),
    path("field/visits/<int:pk>/", field.arrive, name="arrive"),
    path("field/visits/<int:pk>/check-in/", field.check_in, name="check_in"),
    path("field/visits/<int:pk>/start/", field.start, name="start"),
    path("field/visits/<int:pk>/items/", field.items, name="items"),
    path("field/visits/<int:pk>/items/<int:item>/", field.fill, name="fill"),
    path("field/visits/<int:pk>/sign/", field.sign, name="sign"),
    path("field/visits/<int:pk>/sign/confirm/", field.confirm, name="confirm"),
    path("field/visits/<int:pk>/sign/withdraw/", field.withdraw, name="withdraw"),
    path("check/<str:token>/", public.check, name="check"),
    path("check/record/<slug:digest>/", public.check_record, name="check_record"),
]
