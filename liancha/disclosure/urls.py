from django.urls import path

from .views import firm, followups, office, public, verify

app_name = "disclosure"
urlpatterns = [
    path("results/", office.results, name="results"),
    path("results/publish/", office.publish, name="publish"),
    path("results/<int:pk>/", office.result, name="result"),
    path("results/<int:pk>/enter/", office.enter, name="enter"),
    path("results/<int:pk>/covered/", office.covered, name="covered"),
    path("results/<int:pk>/audit/", office.audit, name="audit"),
    path("results/<int:pk>/back/", office.send_back, name="send_back"),
    path("results/<int:pk>/follow-up/", followups.open_follow_up, name="open_follow_up"),
    path("publications/<int:serial>/correct/", office.ask_correction, name="ask_correction"),
    path("corrections/<int:pk>/", office.decide_correction, name="decide_correction"),
    path("follow-ups/", followups.followups, name="followups"),
    path("follow-ups/<int:pk>/", followups.follow_up, name="follow_up"),
    path("follow-ups/<int:pk>/close/", followups.close_follow_up, name="close_follow_up"),
    path("public/", public.portal, name="portal"),
    path("public/draws/", public.draws, name="public_draws"),
    path("public/draws/<int:pk>/", public.draw, name="public_draw"),
    path("public/draws/<int:pk>/bundle.zip", public.draw_bundle, name="public_draw_bundle"),
    path("public/draws/<int:pk>/picture/", public.draw_picture, name="public_draw_picture"),
    path("public/draws/<int:pk>/<str:name>", public.draw_file, name="public_draw_file"),
    path("public/results/", public.results, name="public_results"),
    path("public/results.csv", public.results_csv, name="public_results_csv"),
    path("public/results.json", public.results_json, name="public_results_json"),
    path("public/results/<int:serial>/", public.publication, name="publication"),
    path("public/verify/", public.how_to_verify, name="how_to_verify"),
    path("public/verify/check/", verify.verify, name="verify"),
    path("own/<str:token>/", firm.firm, name="firm"),
    path("own/<str:token>/<int:pk>/", firm.firm_check, name="firm_check"),
    path("own/<str:token>/<int:pk>/firm.json", firm.firm_file, name="firm_file"),
    path("check/<str:token>/own/", firm.take_link, name="take_link"),
    path("targets/<int:pk>/own-link/", firm.own_link, name="own_link"),
    path("own-links/<int:pk>/revoke/", firm.revoke_link, name="revoke_link"),
    path("public/data/", public.data, name="public_data"),
]
