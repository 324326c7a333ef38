package githubsim

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

func digest(text string) [32]byte { return sha256.Sum256([]byte(text)) }

// jitConfig gives the three files of a runner in the form of the real thing: base64 of a JSON object from file name
// to base64 of its content. The key in it has the size of an RSA key and opens nothing.
func (s *Server) jitConfig(r *runner, folder string) string {
	if folder == "" {
		folder = "_work"
	}
	entity := strconv.FormatInt(int64(r.id), 10)
	secret := func(part string, n int) string {
		return base64.StdEncoding.EncodeToString(s.bytes(n, "key "+part, entity))
	}
	host := "https://pipelinesghubeus" + strconv.FormatInt(int64(r.scope.in.ID)%20, 10) + ".actions.githubusercontent.com/"
	files := map[string]any{
		".runner": map[string]string{
			"AgentId": entity, "AgentName": r.name, "DisableUpdate": "False", "Ephemeral": "True",
			"PoolId": strconv.FormatInt(r.group.ID, 10), "PoolName": r.group.Name,
			"ServerUrl": host + secret("path", 30) + "/", "ServerUrlV2": "https://broker.actions.githubusercontent.com/",
			"GitHubUrl": "", "WorkFolder": folder, "UseV2Flow": "True",
		},
		".credentials": map[string]any{
			"Scheme": "OAuth",
			"Data": map[string]string{
				"ClientId": r.clientID, "AuthorizationUrl": host + "_apis/oauth2/token/" + r.clientID,
				"RequireFipsCryptography": "True",
			},
		},
		".credentials_rsaparams": map[string]string{
			"d": secret("d", 256), "modulus": secret("modulus", 256), "exponent": "AQAB",
			"dp": secret("dp", 128), "dq": secret("dq", 128), "inverseQ": secret("inverseQ", 128),
			"p": secret("p", 128), "q": secret("q", 128),
		},
	}
	encoded := map[string]string{}
	for name, content := range files {
		encoded[name] = base64.StdEncoding.EncodeToString(raw(content))
	}
	return base64.StdEncoding.EncodeToString(raw(encoded))
}

// identityIn reads which runner an encoded config is for, as a listener does.
func identityIn(encoded string) (RunnerID, string, error) {
	outer, err := base64.StdEncoding.DecodeString(strings.TrimSpace(encoded))
	if err != nil {
		return 0, "", fmt.Errorf("read JIT config: %w", err)
	}
	var files map[string][]byte // encoding/json decodes the inner base64
	if err := json.Unmarshal(outer, &files); err != nil {
		return 0, "", fmt.Errorf("read JIT config: %w", err)
	}
	var agent struct {
		AgentID int64 `json:"AgentId,string"`
	}
	if err := json.Unmarshal(files[".runner"], &agent); err != nil {
		return 0, "", fmt.Errorf("read .runner of JIT config: %w", err)
	}
	var credentials struct{ Data struct{ ClientID string } }
	if err := json.Unmarshal(files[".credentials"], &credentials); err != nil {
		return 0, "", fmt.Errorf("read .credentials of JIT config: %w", err)
	}
	return RunnerID(agent.AgentID), credentials.Data.ClientID, nil
}
