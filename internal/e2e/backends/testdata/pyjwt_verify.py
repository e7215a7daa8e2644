"""Verifies tokens as a resource server with PyJWT does.

python3 pyjwt_verify.py OPTIONS

OPTIONS is a JSON object: tokens (a list), algorithms, and secret or jwks (an address), and
optionally audience and issuer. It prints the claims of each token, one JSON text a line.
"""
import json
import sys

import jwt

options = json.loads(sys.argv[1])
keys = jwt.PyJWKClient(options["jwks"]) if "jwks" in options else None


def key(token):
    if keys is None:
        return options["secret"]
    if "kid" in jwt.get_unverified_header(token):
        return keys.get_signing_key_from_jwt(token).key
    # simplejwt writes no kid; PyJWKClient does not look for keys without one.
    return next(k.key for k in keys.get_jwk_set().keys if k.key_id is None)


for token in options["tokens"]:
    claims = jwt.decode(
        token,
        key(token),
        algorithms=options["algorithms"],
        audience=options.get("audience"),
        issuer=options.get("issuer"),
        options={"require": ["exp"], "verify_aud": "audience" in options},
    )
    print(json.dumps(claims, separators=(",", ":")))
