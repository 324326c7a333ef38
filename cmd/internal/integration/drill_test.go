package integration_test

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/fis"
)

// A manager that is killed right after it started a drill's experiment goes on
// with it when it is back: one experiment, told of to its end, nothing left. moto
// picks no victims by tags, so the drill proves nothing.
func TestAKilledManagerGoesOnWithItsDrill(t *testing.T) {
	t.Parallel()
	s := newSite(t, "drill")
	text, err := os.ReadFile(s.write("ledger", spotPool))
	if err != nil {
		t.Fatal(err)
	}
	file := s.file("ledger.yaml", strings.Replace(string(text), "aws:\n", "aws:\n  drill_role: arn:aws:iam::"+accountID+":role/drills\n", 1))
	manager := s.serve(file)
	s.hub.queue(time.Minute, "self-hosted", "spot")
	s.config(aws.ToString(s.machine("spot").InstanceId))
	until(t, slow, "a full look that shows the machine", func() string {
		if _, out := s.verb(file, "machines", "list"); !strings.Contains(out, "running") {
			return out
		}
		return ""
	})
	s.tells(file, "drill spot --pool spot --yes --detach", "Spot is to take back 1 of these 1 machine of pool spot")
	manager.says("msg=drill ")
	manager.signal(syscall.SIGKILL)
	manager.code(soon)
	if code, out := s.verb(file, "drill", "show"); code != 1 || !strings.Contains(out, "no manager runs") {
		t.Errorf("drill show without a manager: exit %d: %s", code, out)
	}
	s.serve(file)
	until(t, slow, "the drill is over", func() string {
		if _, out := s.verb(file, "drill", "show"); !strings.Contains(out, "left over: nothing") || !strings.Contains(out, "verdict: void") {
			return out
		}
		return ""
	})
	client := fis.NewFromConfig(s.aws.config)
	n := 0
	for pages := fis.NewListExperimentsPaginator(client, &fis.ListExperimentsInput{}); pages.HasMorePages(); {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range page.Experiments {
			if e.Tags["runfleet:fleet"] == s.fleet {
				n++
			}
		}
	}
	if n != 1 {
		t.Errorf("%d experiments", n)
	}
	for pages := fis.NewListExperimentTemplatesPaginator(client, &fis.ListExperimentTemplatesInput{}); pages.HasMorePages(); {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range page.ExperimentTemplates {
			if x.Tags["runfleet:fleet"] == s.fleet {
				t.Error("a template is left: " + fmt.Sprint(x.Tags))
			}
		}
	}
}
