package fault_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/internal/e2e"
)

// An outcome is what a client gets. Others than these are a status code.
type outcome string

const (
	enriched  outcome = "the enriched token"
	original  outcome = "the original token"
	brokenOff outcome = "the connection is broken off"
	noAnswer  outcome = "no answer"
)

// newClient returns a client that makes a connection for each request, so that
// none that was spoiled is used again, and gives up after a time.
func newClient(patience time.Duration) *http.Client {
	return &http.Client{Timeout: patience, Transport: &http.Transport{DisableKeepAlives: true}}
}

// refresh asks for a token by the rule of a policy, as a client that has a
// refresh token: none of those documents comes from the cache.
func (e *env) refresh(client *http.Client, address, policy string) outcome {
	response, err := client.Post("http://"+address+"/"+policy+"/token", "application/x-www-form-urlencoded", strings.NewReader("grant_type=refresh_token&refresh_token=r"))
	if err != nil {
		return outcomeOf(err)
	}
	return e.read(response)
}

// askImpatiently asks as a client that does not wait for long.
func askImpatiently(e *env, policy string) outcome {
	return e.refresh(newClient(time.Second), e.client.Address, policy)
}

// askAndCloseHalf asks as a client that ends its half of the connection as soon
// as it has asked.
func askAndCloseHalf(e *env, policy string) outcome {
	conn, err := e.Public.Dial()
	if err != nil {
		return outcomeOf(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(patience))
	fmt.Fprintf(conn, "POST /%s/token HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", policy)
	conn.CloseWrite()
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return outcomeOf(err)
	}
	return e.read(response)
}

func (e *env) read(response *http.Response) outcome {
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return outcomeOf(err)
	}
	if response.StatusCode != http.StatusOK {
		return outcome(fmt.Sprint(response.StatusCode))
	}
	return e.judge(body)
}

// outcomeOf says how a client got nothing.
func outcomeOf(err error) outcome {
	if e2e.IsTimeout(err) {
		return noAnswer
	}
	return brokenOff
}

func (e *env) judge(body []byte) outcome {
	var answer struct {
		Token string `json:"access_token"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return outcome("no JSON: " + err.Error())
	}
	if _, issued := e.issued.Load(answer.Token); issued {
		return original
	}
	token, err := enrich.ParseToken(answer.Token)
	if err != nil || !strings.Contains(string(token.Claim("custom_data")), about) {
		return outcome("neither original nor enriched")
	}
	return enriched
}
