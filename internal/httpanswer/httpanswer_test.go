package httpanswer_test

import (
	"errors"
	"net/http"
	"testing"

	"github.com/tokengraft/tokengraft/internal/httpanswer"
)

func TestCheck_AdvisesHTTPSWhereItCanHelp(t *testing.T) {
	tests := []struct {
		status          int
		proto, location string
		setting         string
	}{
		{400, "http", "", "public_url"},
		{403, "http", "", "public_url"},
		{426, "http", "", "public_url"},
		{301, "http", "https://a/b", "public_url"},
		{301, "http", "http://a/b", ""},
		{304, "http", "", ""},
		{404, "http", "", ""},
		{503, "http", "", ""},
		{400, "https", "", ""},
		{400, "", "", ""}, // a request to another server than the backend
	}
	for _, tt := range tests {
		request := &http.Request{Header: http.Header{"X-Forwarded-Proto": {tt.proto}}}
		err := httpanswer.Check(&http.Response{StatusCode: tt.status, Header: http.Header{"Location": {tt.location}}, Request: request})
		setting := ""
		if advised, ok := errors.AsType[*httpanswer.Error](err); ok {
			setting = advised.Setting
		}
		if err == nil || setting != tt.setting {
			t.Errorf("Check of %d with X-Forwarded-Proto %q and Location %q = %v, want an error with advice about the setting %q", tt.status, tt.proto, tt.location, err, tt.setting)
		}
	}
	if err := httpanswer.Check(&http.Response{StatusCode: 200}); err != nil {
		t.Errorf("Check of 200 = %v, want nil", err)
	}
}
