package credentials

import (
	"strings"
	"testing"
)

func TestName_OfACredentialIsRecognized(t *testing.T) {
	for name := range strings.FieldsSeq(`
		password passwd pwd pass hash salt secret token apikey api_key private_key mfa otp totp
		Password PASSWORD pASSWORD PassWord user_pASSWORD passwordHash hashed_password user-password password2 password_1 userpassword hashedpassword
		resetToken reset_token RESET-TOKEN refreshToken accesstoken oauth2Token tokens loginTokens tokenVersion
		API_KEY apiKey ApiKey APIKey api-key apiKEY userAPIKey apiKeys stripe_api_key API.Key
		privateKey private_key PRIVATE-KEY sshPrivateKey privatekey
		mfaSecret mfa_secret mfasecret mfaEnabled MFA MFAs userMfa otpauth_url otpSeed totpSecret totp_secret TOTPKey user.otp OTPs
		clientSecret client_secret webhookSecrets secrets secretKey
		saltLake tokenGraft hash_tags passThrough userPWD PWDHash pwd_hash sha256Hash md5hash _salt $pass
		recoveryCodes backup_codes passphrase passcode pässword_hash pass-code 密码_hash`) {
		if !isName([]byte(name)) {
			t.Errorf("%q does not look like a credential, want that it does", name)
		}
	}
}

func TestName_OfAnythingElseIsNot(t *testing.T) {
	names := strings.Fields(`
		passport passportNumber compass bypass passenger passing passes hashtags hashtag hashing tokenizer tokenized secretary secretariat
		salty basalt saltwater key keys public_key publicKey apikeyboard monkey turkey apis private apiVersion keyboardApi code zipCode promoCode backup
		optional hotpot laptop photo mfg email userId avatarId name address.city _id id opt topic dotProduct cryptopass1x passwordless
		surpass trespass encompass tokyo rehash spwd hashmap unhash`)
	for _, name := range append(names, "", "_", "42", "*", "api version key", strings.Repeat("x", 1000)) {
		if isName([]byte(name)) {
			t.Errorf("%q looks like a credential, want that it does not", name)
		}
	}
}

func TestShown_HidesNamesThatIdentifyUsers(t *testing.T) {
	tests := []struct {
		path []string
		want string
	}{
		{[]string{"profile", "apiKey"}, "profile.apiKey"},
		{[]string{"oauth2", "access_token", "$x"}, "oauth2.access_token.$x"},
		{[]string{"users", "anna@example.com", "password"}, "users.*.password"},
		{[]string{"users", "550e8400-e29b-41d4-a716-446655440000", "password"}, "users.*.password"},
		{[]string{"users", "62efedca3587e6e83c0fc675", "password"}, "users.*.password"},
		{[]string{"users", "4711", "password"}, "users.*.password"},
		{[]string{"a.b", "token of anna", "", "line\nbreak"}, "*.*.*.*"},
		{[]string{strings.Repeat("token", 20)}, "*"},
		{strings.Split(strings.Repeat("a", 14), ""), "a.a.a.a.a.a.a.a.a.a.a.a.*"},
	}
	for _, tt := range tests {
		var path [][]byte
		for _, name := range tt.path {
			path = append(path, []byte(name))
		}
		if got := shown(path); got != tt.want {
			t.Errorf("shown(%q) = %q, want %q", tt.path, got, tt.want)
		}
	}
}
