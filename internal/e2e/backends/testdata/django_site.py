"""A Django site with Django REST framework and simplejwt, as its documentation sets it up.

python3 django_site.py OPTIONS

OPTIONS is a JSON object: address, directory, secret, and optionally
  tokens    more of the setting SIMPLE_JWT
  settings  more settings of Django
  sliding   true: sliding tokens at the usual paths
The user anna has the id 1 and the password "secret". The file jwks.json in the directory
is served at /jwks.json.
"""
import json
import os
import sys
from wsgiref.simple_server import WSGIRequestHandler, make_server

import django
from django.conf import settings

options = json.loads(sys.argv[1])
directory = options["directory"]
settings.configure(
    **{
        "SECRET_KEY": options["secret"],
        "ALLOWED_HOSTS": ["*"],
        "ROOT_URLCONF": __name__,
        "INSTALLED_APPS": ["django.contrib.auth", "django.contrib.contenttypes", "rest_framework", "rest_framework_simplejwt.token_blacklist"],
        "DATABASES": {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.path.join(directory, "db.sqlite3")}},
        "REST_FRAMEWORK": {"DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework_simplejwt.authentication.JWTAuthentication"]},
        "SIMPLE_JWT": options.get("tokens", {}),
        "DEFAULT_AUTO_FIELD": "django.db.models.BigAutoField",
        "MIDDLEWARE": ["django.middleware.security.SecurityMiddleware", "django.middleware.common.CommonMiddleware"],
        "PASSWORD_HASHERS": ["django.contrib.auth.hashers.MD5PasswordHasher"],  # fast
        "USE_TZ": True,
        **options.get("settings", {}),
    }
)
django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.http import FileResponse  # noqa: E402
from django.urls import path  # noqa: E402
from rest_framework.decorators import api_view, permission_classes  # noqa: E402
from rest_framework.permissions import IsAuthenticated  # noqa: E402
from rest_framework.response import Response  # noqa: E402
from rest_framework_simplejwt import views  # noqa: E402


@api_view(["GET"])
@permission_classes([IsAuthenticated])
def me(request):
    return Response({"name": request.user.username})


def jwks(request):
    return FileResponse(open(os.path.join(directory, "jwks.json"), "rb"), content_type="application/json")


sliding = options.get("sliding")
urlpatterns = [
    path("api/token/", (views.TokenObtainSlidingView if sliding else views.TokenObtainPairView).as_view()),
    path("api/token/refresh/", (views.TokenRefreshSlidingView if sliding else views.TokenRefreshView).as_view()),
    path("api/token/verify/", views.TokenVerifyView.as_view()),
    path("api/token/blacklist/", views.TokenBlacklistView.as_view()),
    path("jwks.json", jwks),
    path("me/", me),
]


class Quiet(WSGIRequestHandler):
    def log_message(self, *args):
        pass


call_command("migrate", verbosity=0)
User.objects.create_user("anna", password="secret")
host, port = options["address"].rsplit(":", 1)
make_server(host, int(port), get_wsgi_application(), handler_class=Quiet).serve_forever()
