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

// An outcome is what a client gets: one of these, or a status code.
type outcome string

const (
	enriched   outcome = "the enriched token"
	original   outcome = "the original token"
	closed     outcome = "a closed connection"
	noResponse outcome = "no response"
)

// newClient returns a client that opens a new connection for each request, so that it
// does not reuse a disturbed one.
func newClient(timeout time.Duration) *http.Client {
	return &http.Client{Timeout: timeout, Transport: &http.Transport{DisableKeepAlives: true}}
}

// refresh asks for a token with a refresh token, at the rule of a policy. A refresh
// always reads the document from the source.
func (e *env) refresh(client *http.Client, address, policy string) outcome {
	response, err := client.Post("http://"+address+"/"+policy+"/token", "application/x-www-form-urlencoded", strings.NewReader("grant_type=refresh_token&refresh_token=r"))
	if err != nil {
		return outcomeOf(err)
	}
	return e.read(response)
}

// askWithShortTimeout is refresh by a client that waits only a second.
func askWithShortTimeout(e *env, policy string) outcome {
	return e.refresh(newClient(time.Second), e.client.Address, policy)
}

// askAndCloseHalf sends a request and then closes the client's half of the connection.
func askAndCloseHalf(e *env, policy string) outcome {
	conn, err := e.Public.Dial()
	if err != nil {
		return outcomeOf(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(clientTimeout))
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

// outcomeOf returns the outcome of a failed request.
func outcomeOf(err error) outcome {
	if e2e.IsTimeout(err) {
		return noResponse
	}
	return closed
}

func (e *env) judge(body []byte) outcome {
	var answer struct {
		Token string `json:"access_token"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return outcome("invalid JSON: " + err.Error())
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
