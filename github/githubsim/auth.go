package githubsim

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

type token struct {
	in      *installation
	expires time.Time         // by TokenNow
	allows  map[string]string // permissions by name: read or write
}

// authenticate finds who calls, and whether the path is theirs.
func (s *Server) authenticate(r route, c *call) (reply, bool) {
	kind, secret, _ := strings.Cut(c.Header.Get("Authorization"), " ")
	known := strings.EqualFold(kind, "bearer") || strings.EqualFold(kind, "token")
	if !known || secret == "" {
		return refuse(http.StatusUnauthorized, "Requires authentication"), false
	}
	if r.access == asApp {
		if err := s.checkJWT(secret); err != nil {
			return refuse(http.StatusUnauthorized, err.Error()), false
		}
		c.app = s.issuer(secret)
		return reply{}, true
	}
	t, ok := s.tokens[secret]
	if !ok || !s.cfg.TokenNow().Before(t.expires) {
		return refuse(http.StatusUnauthorized, "Bad credentials"), false
	}
	if t.in.Suspended {
		return refuse(http.StatusForbidden, "This installation has been suspended"), false
	}
	c.in = t.in
	owner := c.PathValue("org") + c.PathValue("owner") // a path has one of them, or none
	if owner != "" && !strings.EqualFold(owner, t.in.Account) {
		return notFound(), false // GitHub does not say what exists
	}
	if c.PathValue("org") != "" && t.in.Person {
		return notFound(), false
	}
	if c.PathValue("repo") != "" && s.repository(*c) == nil {
		return notFound(), false
	}
	return r.permitted(t.allows)
}

func (s *Server) repository(c call) *repository {
	return s.repositories[strings.ToLower(c.PathValue("owner")+"/"+c.PathValue("repo"))]
}

// refusal is an error in GitHub's own words.
type refusal string

// Error is GitHub's text.
func (r refusal) Error() string { return string(r) }

// SetKey has the App's JWTs checked by another key from now on: its owner deleted the one before.
func (s *Server) SetKey(key *rsa.PublicKey) {
	s.do(func() { s.cfg.PublicKey = key })
}

// checkJWT accepts an RS256 token of the App that is valid now and for ten minutes at most.
func (s *Server) checkJWT(secret string) error {
	key := s.keys[s.issuer(secret)]
	if key == nil {
		key = s.cfg.PublicKey
	}
	if key == nil {
		return nil
	}
	undecodable := refusal("A JSON web token could not be decoded")
	parts := strings.Split(secret, ".")
	if len(parts) != 3 {
		return undecodable
	}
	var header struct{ Alg string }
	var claims struct {
		Iss      any // number or string
		Iat, Exp float64
	}
	if decodePart(parts[0], &header) != nil || decodePart(parts[1], &claims) != nil || header.Alg != "RS256" {
		return undecodable
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil {
		return undecodable
	}
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], signature) != nil {
		return undecodable
	}
	return s.checkClaims(claims.Iss, claims.Iat, claims.Exp)
}

func (s *Server) checkClaims(iss any, iat, exp float64) error {
	issuer := fmt.Sprint(iss)
	if n, ok := iss.(float64); ok {
		issuer = strconv.FormatInt(int64(n), 10)
	}
	now := float64(s.cfg.TokenNow().Unix())
	switch {
	case !slices.ContainsFunc(append(slices.Clone(s.cfg.MoreApps), s.cfg.AppID), func(id int64) bool { return issuer == strconv.FormatInt(id, 10) }):
		return refusal("'Issuer' claim ('iss') must be the App's ID")
	case iat > now+30: // half a minute of skew
		return refusal("'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued")
	case exp <= now:
		return refusal("'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires")
	case exp > now+630:
		return refusal("'Expiration time' claim ('exp') is too far in the future")
	}
	return nil
}

func decodePart(part string, into any) error {
	b, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		return err
	}
	return json.Unmarshal(b, into)
}

func (s *Server) mintToken(c call) reply {
	in := s.installation(InstallationID(c.id("installation_id")))
	if in == nil || in.App != c.app {
		return notFound()
	}
	if in.Suspended {
		return refuse(http.StatusForbidden, "This installation has been suspended")
	}
	allows, ok := in.narrowed(c.body)
	if !ok {
		return refuse(http.StatusUnprocessableEntity, "The permissions requested are not granted to this installation.")
	}
	expires := s.cfg.TokenNow().Add(time.Hour)
	// The long form: ghs_, the App, and something with two dots, about 520 characters in all.
	b := s.bytes(375, "token", strconv.FormatInt(int64(in.ID), 10))
	enc := base64.RawURLEncoding.EncodeToString
	secret := fmt.Sprintf("ghs_%d_%s.%s.%s", s.cfg.AppID, enc(b[:30]), enc(b[30:119]), enc(b[119:]))
	s.tokens[secret] = token{in: in, expires: expires, allows: allows}
	return answer(http.StatusCreated, map[string]any{
		"token":                secret,
		"expires_at":           expires.UTC().Format(time.RFC3339),
		"permissions":          allows,
		"repository_selection": "all",
	})
}

func (s *Server) getApp(c call) reply {
	return answer(http.StatusOK, s.appPayload(c.app))
}

// issuer is the App that signed a JWT: one of several, or else the first.
func (s *Server) issuer(secret string) int64 {
	var claims struct{ Iss string }
	parts := strings.Split(secret, ".")
	if len(parts) != 3 || decodePart(parts[1], &claims) != nil {
		return s.cfg.AppID
	}
	i := slices.IndexFunc(s.cfg.MoreApps, func(id int64) bool { return claims.Iss == strconv.FormatInt(id, 10) })
	if i < 0 {
		return s.cfg.AppID
	}
	return s.cfg.MoreApps[i]
}

func (s *Server) listInstallations(c call) reply {
	own := slices.DeleteFunc(slices.Clone(s.installations), func(in *installation) bool { return in.App != c.app })
	from, to, link := s.page(c, len(own))
	out := []any{}
	for _, in := range own[from:to] {
		out = append(out, s.installationPayload(in))
	}
	return reply{status: http.StatusOK, body: out, header: link}
}

// getOrgInstallation is the installation on an organisation. Of a person's account GitHub says that there is none.
func (s *Server) getOrgInstallation(c call) reply {
	in := s.accounts[strings.ToLower(c.PathValue("org"))]
	if in != nil {
		in = s.seat(c.app, in)
	}
	if in == nil || in.Person {
		return notFound()
	}
	return answer(http.StatusOK, s.installationPayload(in))
}

func (s *Server) getInstallation(c call) reply {
	i := slices.IndexFunc(s.installations, func(in *installation) bool { return int64(in.ID) == c.id("installation_id") })
	if i < 0 {
		return notFound()
	}
	return answer(http.StatusOK, s.installationPayload(s.installations[i]))
}
