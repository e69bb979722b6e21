from django.contrib import admin
from django.http import HttpResponse
from django.urls import path

from kb.signin import sign_in

urlpatterns = [
    path("admin/", admin.site.urls),
    path("sign-in/<str:who>/<str:token>/", sign_in, name="sign-in"),
    path("healthz", lambda request: HttpResponse("ok", content_type="text/plain")),
]
