package stacks

import (
	"encoding/json"
	"testing"
)

// statement is one of a policy, resolved.
type statement struct {
	Sid, Effect string
	Action      list
	Resource    list
	Condition   any `json:",omitempty"`
}

// list is a text or several, as policies write them.
type list []string

func (l *list) UnmarshalJSON(text []byte) error {
	if text[0] != '[' {
		*l = list{""}
		return json.Unmarshal(text, &(*l)[0])
	}
	return json.Unmarshal(text, (*[]string)(l))
}

// statements are those of a policy document.
func statements(t *testing.T, document any) []statement {
	t.Helper()
	text, err := json.Marshal(document)
	if err != nil {
		t.Fatal(err)
	}
	var read struct{ Statement []statement }
	if err := json.Unmarshal(text, &read); err != nil {
		t.Fatal(err)
	}
	return read.Statement
}

// policiesOf are a role's inline policies by name, resolved. A role has no
// other ones.
func policiesOf(t *testing.T, w world, role resource) map[string][]statement {
	t.Helper()
	if role.Type != "AWS::IAM::Role" || role.Properties["ManagedPolicyArns"] != nil {
		t.Fatalf("%s with managed policies %v", role.Type, role.Properties["ManagedPolicyArns"])
	}
	all := map[string][]statement{}
	inline, _ := role.Properties["Policies"].([]any)
	for _, p := range inline {
		all[dig(p, "PolicyName").(string)] = statements(t, w.resolve(dig(p, "PolicyDocument")))
	}
	return all
}

// roles are all roles of the deployment by what they are for, with the world
// that resolves them.
func roles(t *testing.T) map[string]map[string][]statement {
	t.Helper()
	n, m := deployed(t)
	here, there := world{t: t, here: n}, world{t: t, here: m, others: []template{n}}
	all := map[string]map[string][]statement{}
	for _, name := range []string{eventsFunction, lookFunction, tickFunction, webhookFunction} {
		_, role := m.function(t, name)
		all[name] = policiesOf(t, there, role)
	}
	_, machine := n.one(t, "AWS::IAM::Role", "Machine")
	_, drill := n.one(t, "AWS::IAM::Role", "Drills")
	all["machine"], all["drill"] = policiesOf(t, here, machine), policiesOf(t, here, drill)
	if made := len(n.of("AWS::IAM::Role")) + len(m.of("AWS::IAM::Role")); made != len(all) {
		t.Errorf("%d roles are made, %d are known", made, len(all))
	}
	for kind := range map[string]bool{"AWS::IAM::Policy": true, "AWS::IAM::ManagedPolicy": true, "AWS::IAM::RolePolicy": true} {
		if len(n.of(kind))+len(m.of(kind)) != 0 {
			t.Errorf("there is an %s besides the roles' own policies", kind)
		}
	}
	return all
}
