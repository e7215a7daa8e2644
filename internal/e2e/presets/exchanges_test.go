package presets_test

// An exchange is a request and its response, taken from the documentation or the source
// of a backend. TOKEN in the response stands for the backend's access token.
type exchange struct {
	preset   string
	request  string // method, path and optional body, separated by blanks
	header   string // a header line of the response
	body     string
	status   int
	claims   string // claims other than exp and iat
	document string // the user's document
}

// session is the response of Supabase that AccessTokenResponse of its source describes.
const session = `{"access_token":"TOKEN","token_type":"bearer","expires_in":3600,"expires_at":1763780000,"refresh_token":"v1xx2mbqyzcg","user":{"id":"8a2e","aud":"authenticated","role":"authenticated"}}`

// fragment is what AsRedirectURL of its source adds to a redirect.
const fragment = `#access_token=TOKEN&expires_at=1763780000&expires_in=3600&refresh_token=v1xx2mbqyzcg&sb=&token_type=bearer`

const supabaseUser = `"aud":"authenticated","sub":"8a2e","email":"a@example.com","app_metadata":{"provider":"email"},"role":"authenticated","aal":"aal1","session_id":"9f","is_anonymous":false`

const loginBody = `{"email":"a@example.com","password":"secret"}`

var exchanges = append([]exchange{
	{preset: "django-simplejwt", request: `POST /api/token/ {"username":"anna","password":"secret"}`,
		body:   `{"refresh":"eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.eyJ0b2tlbl90eXBlIjoicmVmcmVzaCJ9.c2ln","access":"TOKEN"}`,
		claims: `"token_type":"access","jti":"e8a28a554eb8463083253a02bcc4c44e","user_id":15`, document: `{"id":15}`},
	{preset: "django-simplejwt", request: `POST /api/token/refresh/ {"refresh":"eyJ0eXAi.e30.c2ln"}`,
		body: `{"access":"TOKEN"}`, claims: `"token_type":"access","jti":"e8","user_id":"15a"`, document: `{"id":"15a"}`},
	{preset: "django-simplejwt", request: `POST /api/token/ username=anna&password=secret`,
		body: `{"token":"TOKEN"}`, claims: `"token_type":"sliding","refresh_exp":4102444800,"user_id":15`, document: `{"id":15}`},
	{preset: "django-simplejwt", request: `POST /api/token/refresh/ {"token":"old"}`,
		body: `{"token":"TOKEN"}`, claims: `"token_type":"sliding","refresh_exp":4102444800,"user_id":15`, document: `{"id":15}`},

	{preset: "laravel-jwt", request: `POST /api/auth/login ` + loginBody,
		body:   `{"access_token":"TOKEN","token_type":"bearer","expires_in":3600}`,
		claims: `"iss":"http:\/\/localhost\/api\/auth\/login","jti":"Ae8","sub":"a1","prv":"23bd5c8949f600adb39e701c400872db7a5976f7"`, document: `{"id":"a1"}`},
	{preset: "laravel-jwt", request: `POST /api/auth/register ` + loginBody, status: 201,
		body: `{"user":{"id":1},"token":"TOKEN"}`, claims: `"sub":1`, document: `{"id":1}`},
	{preset: "laravel-jwt", request: `POST /api/auth/refresh `,
		body: `{"access_token":"TOKEN","token_type":"bearer","expires_in":3600}`, claims: `"sub":1`, document: `{"id":1}`},
	{preset: "laravel-jwt", request: `GET /api/orders/7 `,
		header: "Authorization: Bearer TOKEN", body: `{"data":{"id":7}}`, claims: `"sub":1`, document: `{"id":1}`},
	{preset: "laravel-jwt", request: `POST /api/auth/me `,
		header: "Authorization: Bearer TOKEN", body: `{"id":1,"email":"a@example.com"}`, claims: `"sub":1`, document: `{"id":1}`},

	{preset: "supabase", request: `POST /auth/v1/token?grant_type=password {"email":"a@example.com","password":"secret","gotrue_meta_security":{}}`, body: session},
	{preset: "supabase", request: `POST /auth/v1/token?grant_type=refresh_token {"refresh_token":"v1xx2mbqyzcg"}`, body: session},
	{preset: "supabase", request: `POST /auth/v1/token?grant_type=pkce {"auth_code":"c","code_verifier":"v"}`, body: session},
	{preset: "supabase", request: `POST /auth/v1/token?grant_type=id_token {"provider":"google","id_token":"eyJ.e30.s"}`, body: session},
	{preset: "supabase", request: `POST /auth/v1/token?grant_type=web3 {"chain":"ethereum","message":"m","signature":"0x1"}`, body: session},
	{preset: "supabase", request: `POST /auth/v1/signup ` + loginBody, body: session},
	{preset: "supabase", request: `POST /auth/v1/signup {"data":{},"gotrue_meta_security":{}}`, body: session},
	{preset: "supabase", request: `POST /auth/v1/verify {"type":"sms","phone":"+1","token":"123456"}`, body: session},
	{preset: "supabase", request: `POST /auth/v1/verify {"type":"email","token_hash":"pkce_h"}`, body: session},
	{preset: "supabase", request: `GET /auth/v1/verify?token=t&type=signup `, status: 303, header: "Location: http://localhost:3000/" + fragment + "&type=signup"},
	{preset: "supabase", request: `GET /auth/v1/callback?code=c&state=s `, status: 302, header: "Location: https://app.example.com/done" + fragment + "&provider_token=ya29.a0"},
	{preset: "supabase", request: `POST /auth/v1/callback code=c&state=s&user=u`, status: 302, header: "Location: https://app.example.com/done" + fragment},
	{preset: "supabase", request: `POST /auth/v1/sso/saml/acs RelayState=r&SAMLResponse=x`, status: 302, header: "Location: https://app.example.com/" + fragment},
	{preset: "supabase", request: `POST /auth/v1/passkeys/authentication/verify {"challenge_id":"c","credential":{}}`, body: session},
	{preset: "supabase", request: `POST /auth/v1/factors/5d7c0f4e/verify {"challenge_id":"c","code":"123456"}`, body: session},
	{preset: "supabase", request: `POST /auth/v1/oauth/token grant_type=authorization_code&code=c&client_id=1f`,
		body: `{"access_token":"TOKEN","expires_in":3600,"id_token":"ID_TOKEN","refresh_token":"r","token_type":"bearer"}`},
	{preset: "supabase", request: `POST /auth/v1/oauth/token grant_type=refresh_token&refresh_token=r`,
		body: `{"access_token":"TOKEN","expires_in":3600,"refresh_token":"r","token_type":"bearer"}`},

	{preset: "app-services", request: `POST /api/client/v2.0/app/shop-x/auth/providers/local-userpass/login {"username":"a@example.com","password":"secret"}`,
		body:   `{"access_token":"TOKEN","refresh_token":"r","user_id":"636a","device_id":"000000000000000000000000"}`,
		claims: `"baas_device_id":"0","iss":"636b","sub":"636a","typ":"access"`, document: `{"id":"636a"}`},
	{preset: "app-services", request: `POST /api/client/v2.0/app/shop-x/auth/providers/anon-user/login?link=true {}`,
		body: `{"access_token":"TOKEN","user_id":"636a","device_id":"0"}`, claims: `"sub":"636a","typ":"access"`, document: `{"id":"636a"}`},
	{preset: "app-services", request: `POST /api/client/v2.0/auth/session `, status: 201,
		body: `{"access_token":"TOKEN"}`, claims: `"sub":"636a","typ":"access"`, document: `{"id":"636a"}`},
	{preset: "app-services", request: `GET /api/client/v2.0/auth/callback?code=c&state=s `, status: 302,
		header: "Location: https://app.example.com/#_baas_ua=TOKEN$r$636a$0&_baas_state=s", claims: `"sub":"636a","typ":"access"`, document: `{"id":"636a"}`},
	{preset: "app-services", request: `GET /api/client/v2.0/app/shop-x/auth/providers/oauth2-google/login?redirect=r `, status: 302,
		header: "Location: https://app.example.com/?_stitch_ua=TOKEN$r$636a$0", claims: `"sub":"636a","typ":"access"`, document: `{"id":"636a"}`},
}, deviseExchanges()...)

// deviseExchanges are those of the requests that can be in dispatch_requests.
func deviseExchanges() (all []exchange) {
	for _, request := range []string{
		`POST /users/sign_in {"user":{"email":"a@example.com","password":"secret"}}`,
		`POST /users/sign_in.json {"user":{"email":"a@example.com","password":"secret"}}`,
		`POST /users {"user":{"email":"a@example.com","password":"secret"}}`,
		`POST /users.json {"user":{"email":"a@example.com","password":"secret"}}`,
		`PUT /users/password {"user":{"reset_password_token":"t","password":"secret"}}`,
		`PATCH /users/password {"user":{"reset_password_token":"t","password":"secret"}}`,
		`PUT /users/password.json {"user":{"reset_password_token":"t","password":"secret"}}`,
		`PATCH /users/password.json {"user":{"reset_password_token":"t","password":"secret"}}`,
		`GET /users/confirmation?confirmation_token=t `,
		`GET /users/confirmation.json?confirmation_token=t `,
		`GET /users/unlock?unlock_token=t `,
		`GET /users/unlock.json?unlock_token=t `,
		`GET /users/auth/github/callback?code=c `,
		`POST /users/auth/apple/callback code=c&state=s`,
		`PUT /users {"user":{"password":"new","current_password":"secret"}}`,
		`PATCH /users {"user":{"password":"new","current_password":"secret"}}`,
		`PUT /users.json {"user":{"password":"new","current_password":"secret"}}`,
		`PATCH /users.json {"user":{"password":"new","current_password":"secret"}}`,
	} {
		all = append(all, exchange{preset: "devise-jwt", request: request, status: 201, header: "Authorization: Bearer TOKEN", body: `{"id":1,"email":"a@example.com"}`,
			claims: `"jti":"0f0f2a6c-5a52-4b9e-8b4c-6e9c9e6f7a55","sub":"a1","scp":"user","aud":null`, document: `{"id":"a1"}`})
	}
	return all
}

// A place is where a backend's clients send the token: a request with TOKEN in it, and
// what the backend gets of it, with ORIGINAL.
type place struct {
	preset, request, line string // line is a line of its header
	sent                  string
}

var places = []place{
	{preset: "django-simplejwt", request: `POST /api/token/verify/ {"token":"TOKEN"}`, sent: `{"token":"ORIGINAL"}`},
	{preset: "django-simplejwt", request: `POST /api/token/verify/ token=TOKEN`, sent: `token=ORIGINAL`},
	{preset: "django-simplejwt", request: `POST /api/token/refresh/ {"token":"TOKEN"}`, sent: `{"token":"ORIGINAL"}`},
	{preset: "django-simplejwt", request: `POST /api/token/refresh/ token=TOKEN`, sent: `token=ORIGINAL`},
	{preset: "devise-jwt", request: `DELETE /users/sign_out `, line: "Authorization: Bearer TOKEN", sent: "Bearer ORIGINAL"},
	{preset: "laravel-jwt", request: `POST /api/auth/logout `, line: "Authorization: Bearer TOKEN", sent: "Bearer ORIGINAL"},
	{preset: "laravel-jwt", request: `GET /api/orders?token=TOKEN&page=2 `, sent: "GET /api/orders?token=ORIGINAL&page=2 HTTP/1.1"},
	{preset: "laravel-jwt", request: `POST /api/orders {"n":1,"token":"TOKEN"}`, sent: `{"n":1,"token":"ORIGINAL"}`},
	{preset: "laravel-jwt", request: `POST /api/auth/refresh token=TOKEN`, sent: `token=ORIGINAL`},
	{preset: "laravel-jwt", request: `POST /api/auth/refresh `, line: "Cookie: token=TOKEN", sent: "token=ORIGINAL"},
	{preset: "supabase", request: `POST /auth/v1/logout?scope=global `, line: "Authorization: Bearer TOKEN", sent: "Bearer ORIGINAL"},
	{preset: "supabase", request: `GET /auth/v1/reauthenticate `, line: "Authorization: Bearer TOKEN", sent: "Bearer ORIGINAL"},
	{preset: "supabase", request: `PUT /auth/v1/user {"password":"new"}`, line: "Authorization: Bearer TOKEN", sent: "Bearer ORIGINAL"},
	{preset: "supabase", request: `POST /auth/v1/factors/5d7c0f4e/verify {"code":"123456"}`, line: "Authorization: Bearer TOKEN", sent: "Bearer ORIGINAL"},
	{preset: "app-services", request: `GET /api/client/v2.0/app/shop-x/functions/call?baas_request=e30&baas_at=TOKEN `,
		sent: "GET /api/client/v2.0/app/shop-x/functions/call?baas_request=e30&baas_at=ORIGINAL HTTP/1.1"},
	{preset: "app-services", request: `GET /api/client/v2.0/app/shop-x/functions/call?stitch_request=e30&stitch_at=TOKEN `,
		sent: "GET /api/client/v2.0/app/shop-x/functions/call?stitch_request=e30&stitch_at=ORIGINAL HTTP/1.1"},
	{preset: "app-services", request: `GET /api/client/v2.0/app/shop-x/realm-sync?baas_at=TOKEN `,
		sent: "GET /api/client/v2.0/app/shop-x/realm-sync?baas_at=ORIGINAL HTTP/1.1"},
	{preset: "app-services", request: `GET /api/client/v2.0/auth/profile `, line: "Authorization: Bearer TOKEN", sent: "Bearer ORIGINAL"},
}
