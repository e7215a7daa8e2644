"""A Django site with Django REST framework and simplejwt, as its documentation sets it up.

python3 simplejwt_site.py ADDRESS DIRECTORY [ALGORITHM PRIVATE_PEM PUBLIC_PEM]

SECRET_KEY is in the environment. The user anna has the password "secret".
"""
import os
import sys
from wsgiref.simple_server import WSGIRequestHandler, make_server

import django
from django.conf import settings

host, port = sys.argv[1].rsplit(":", 1)
tokens = {"AUTH_TOKEN_CLASSES": ("rest_framework_simplejwt.tokens.AccessToken", "rest_framework_simplejwt.tokens.SlidingToken")}
if len(sys.argv) > 3:
    tokens |= {"ALGORITHM": sys.argv[3], "SIGNING_KEY": open(sys.argv[4]).read(), "VERIFYING_KEY": open(sys.argv[5]).read()}

settings.configure(
    SECRET_KEY=os.environ["SECRET_KEY"],
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "rest_framework", "rest_framework_simplejwt.token_blacklist"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.path.join(sys.argv[2], "db.sqlite3")}},
    REST_FRAMEWORK={"DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework_simplejwt.authentication.JWTAuthentication"]},
    SIMPLE_JWT=tokens,
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    USE_TZ=True,
)
django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.urls import path  # noqa: E402
from rest_framework.decorators import api_view, permission_classes  # noqa: E402
from rest_framework.permissions import IsAuthenticated  # noqa: E402
from rest_framework.response import Response  # noqa: E402
from rest_framework_simplejwt import views  # noqa: E402


@api_view(["GET"])
@permission_classes([IsAuthenticated])
def me(request):
    return Response({"name": request.user.username})


urlpatterns = [
    path("api/token/", views.TokenObtainPairView.as_view()),
    path("api/token/refresh/", views.TokenRefreshView.as_view()),
    path("api/token/verify/", views.TokenVerifyView.as_view()),
    path("api/sliding/", views.TokenObtainSlidingView.as_view()),
    path("api/sliding/refresh/", views.TokenRefreshSlidingView.as_view()),
    path("me/", me),
]


class Quiet(WSGIRequestHandler):
    def log_message(self, *args):
        pass


call_command("migrate", verbosity=0)
User.objects.create_user("anna", password="secret")
make_server(host, int(port), get_wsgi_application(), handler_class=Quiet).serve_forever()
