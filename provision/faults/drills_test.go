package faults

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/fis"
	"github.com/aws/aws-sdk-go-v2/service/fis/types"
	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/fleet"
)

func TestWhatCannotBeIsRefusedBeforeAnyCall(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*Drills, *fleet.Drill)
		want   string
	}{
		{"a notice that is too short", func(_ *Drills, d *fleet.Drill) { d.Notice = time.Minute }, "notice of 1m0s: FIS takes 2m0s to 15m0s"},
		{"too many victims", func(_ *Drills, d *fleet.Drill) { d.Count = 101 }, "101 victims"},
		{"no role", func(s *Drills, _ *fleet.Drill) { s.Role = "" }, `the role of FIS is ""`},
		{"a role by its name", func(s *Drills, _ *fleet.Drill) { s.Role = "runfleet-drills" }, "no role's ARN"},
		{"the ARN of something else", func(s *Drills, _ *fleet.Drill) { s.Role = "arn:aws:iam::123456789012:user/me" }, "no role's ARN"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, d := acme(nil), drill // any call would panic
			tt.change(s, &d)
			_, started := s.Start(t.Context(), d)
			_, previewed := s.Preview(t.Context(), d)
			for _, err := range []error{started, previewed} {
				if !errors.Is(err, fleet.ErrConfig) || !strings.Contains(err.Error(), tt.want) {
					t.Errorf("error %v", err)
				}
			}
		})
	}
}

// shown is an EC2 with a few machines.
type shown struct {
	list []fleet.Machine
	err  error
}

func (s shown) Machines(context.Context) ([]fleet.Machine, error) { return s.list, s.err }

func TestThePreviewListsWhoCouldBeHit(t *testing.T) {
	at := func(id fleet.MachineID, m fleet.Market) fleet.Machine {
		return fleet.Machine{ID: id, Pool: "arm64", State: fleet.Up, Offer: fleet.Offer{Market: m}}
	}
	s := acme(nil)
	s.Cloud = shown{list: []fleet.Machine{at("i-3", fleet.Spot), at("i-9", fleet.OnDemand), at("i-1", fleet.Spot), at("i-2", fleet.Spot)}}
	got, err := s.Preview(t.Context(), drill)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]fleet.Machine{at("i-1", fleet.Spot), at("i-2", fleet.Spot), at("i-3", fleet.Spot)}, got); diff != "" {
		t.Errorf("candidates (-want +got):\n%s", diff)
	}
	s.Cloud = shown{list: []fleet.Machine{at("i-9", fleet.OnDemand)}}
	if _, err := s.Preview(t.Context(), drill); !errors.Is(err, fleet.ErrAbsent) {
		t.Errorf("nobody: %v", err)
	}
	s.Cloud = shown{err: fleet.ErrThrottled}
	if _, err := s.Preview(t.Context(), drill); !errors.Is(err, fleet.ErrThrottled) {
		t.Errorf("throttled: %v", err)
	}
}

func TestStartLooksForWhatIsThere(t *testing.T) {
	none := func(*fis.ListExperimentsInput) (*fis.ListExperimentsOutput, error) {
		return &fis.ListExperimentsOutput{}, nil
	}
	started := func(*fis.StartExperimentInput) (*fis.StartExperimentOutput, error) {
		return &fis.StartExperimentOutput{Experiment: state(types.ExperimentStatusInitiating, "Experiment is initiating.")}, nil
	}
	summary := func(id string, made time.Time, tags map[string]string) types.ExperimentTemplateSummary {
		return types.ExperimentTemplateSummary{Id: aws.String(id), CreationTime: aws.Time(made), Tags: tags}
	}
	for _, tt := range []struct {
		name string
		fis  script
		want []string
	}{
		{"a drill that is new is made", script{
			experiments: none,
			templates: func(*fis.ListExperimentTemplatesInput) (*fis.ListExperimentTemplatesOutput, error) {
				return &fis.ListExperimentTemplatesOutput{ExperimentTemplates: []types.ExperimentTemplateSummary{
					summary("EXT7", noon, tagged("other", "drill-1")), summary("EXT8", noon, tagged("acme", "drill-2")), summary("EXT9", noon, nil),
				}}, nil
			},
			create: func() (*fis.CreateExperimentTemplateOutput, error) {
				return &fis.CreateExperimentTemplateOutput{ExperimentTemplate: &types.ExperimentTemplate{Id: aws.String("EXT1")}}, nil
			},
			start: started,
		}, []string{"experiments ", "templates ", "create", "start EXT1"}},
		{"a template that is there is used, on a later page too, and the oldest of two", script{
			experiments: none,
			templates: func(in *fis.ListExperimentTemplatesInput) (*fis.ListExperimentTemplatesOutput, error) {
				if in.NextToken == nil {
					return &fis.ListExperimentTemplatesOutput{NextToken: aws.String("2"), ExperimentTemplates: []types.ExperimentTemplateSummary{summary("EXT2", noon.Add(time.Second), tagged("acme", "drill-1"))}}, nil
				}
				return &fis.ListExperimentTemplatesOutput{ExperimentTemplates: []types.ExperimentTemplateSummary{summary("EXT1", noon, tagged("acme", "drill-1"))}}, nil
			},
			start: started,
		}, []string{"experiments ", "templates ", "templates 2", "start EXT1"}},
		{"an experiment that is there is shown, on a later page too", script{
			experiments: func(in *fis.ListExperimentsInput) (*fis.ListExperimentsOutput, error) {
				if in.NextToken == nil {
					return &fis.ListExperimentsOutput{NextToken: aws.String("2"), Experiments: []types.ExperimentSummary{{Id: aws.String("EXP9"), Tags: tagged("acme", "drill-2")}}}, nil
				}
				return &fis.ListExperimentsOutput{Experiments: []types.ExperimentSummary{{Id: aws.String("EXP1"), Tags: tagged("acme", "drill-1")}}}, nil
			},
			get: func() (*fis.GetExperimentOutput, error) {
				return &fis.GetExperimentOutput{Experiment: state(types.ExperimentStatusInitiating, "Experiment is initiating.")}, nil
			},
		}, []string{"experiments ", "experiments 2", "get"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := tt.fis
			got, err := acme(&s).Start(t.Context(), drill)
			want := fleet.Experiment{ID: "EXP1", State: fleet.ExperimentInitiating, Reason: "Experiment is initiating.", StartedAt: noon}
			if diff := cmp.Diff(want, got); diff != "" || err != nil {
				t.Errorf("error %v, experiment (-want +got):\n%s", err, diff)
			}
			if diff := cmp.Diff(tt.want, s.calls); diff != "" {
				t.Errorf("calls (-want +got):\n%s", diff)
			}
		})
	}
}

func TestFollowShowsStateReasonAndVictims(t *testing.T) {
	failed := state(types.ExperimentStatusFailed, "Target resolution returned empty set")
	failed.EndTime = aws.Time(noon.Add(time.Minute))
	failed.State.Error = &types.ExperimentError{Code: aws.String("InvalidTarget"), Location: aws.String("victims")}
	s := &script{
		get: func() (*fis.GetExperimentOutput, error) { return &fis.GetExperimentOutput{Experiment: failed}, nil },
		targets: func(in *fis.ListExperimentResolvedTargetsInput) (*fis.ListExperimentResolvedTargetsOutput, error) {
			of := func(arn string) types.ResolvedTarget {
				return types.ResolvedTarget{TargetInformation: map[string]string{"arn": arn}}
			}
			if in.NextToken == nil {
				return &fis.ListExperimentResolvedTargetsOutput{NextToken: aws.String("2"), ResolvedTargets: []types.ResolvedTarget{
					of("arn:aws:ec2:us-east-1:123456789012:instance/i-2"), of("arn:aws:ec2:us-east-1:123456789012:instance/i-1"),
				}}, nil
			}
			return &fis.ListExperimentResolvedTargetsOutput{ResolvedTargets: []types.ResolvedTarget{
				of("arn:aws-cn:ec2:cn-north-1:123456789012:instance/i-2"), of("arn:aws:iam::123456789012:role/x"), {},
			}}, nil
		},
	}
	got, err := acme(s).Follow(t.Context(), "EXP1")
	want := fleet.Experiment{
		ID: "EXP1", State: fleet.ExperimentFailed, Reason: "InvalidTarget: victims: Target resolution returned empty set",
		StartedAt: noon, EndedAt: noon.Add(time.Minute), Victims: []fleet.MachineID{"i-1", "i-2"},
	}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("error %v, experiment (-want +got):\n%s", err, diff)
	}
}

func TestStopOfWhatIsOverIsNoError(t *testing.T) {
	refused := &types.ValidationException{Message: aws.String("it is not running")}
	nobody := func(*fis.ListExperimentResolvedTargetsInput) (*fis.ListExperimentResolvedTargetsOutput, error) {
		return &fis.ListExperimentResolvedTargetsOutput{}, nil
	}
	for _, tt := range []struct {
		name  string
		stop  error
		state types.ExperimentStatus
		want  error
	}{
		{"it stops", nil, types.ExperimentStatusStopping, nil},
		{"FIS refuses because it is over", refused, types.ExperimentStatusCompleted, nil},
		{"FIS refuses for another reason", refused, types.ExperimentStatusRunning, fleet.ErrConfig},
		{"a quota", &types.ServiceQuotaExceededException{}, types.ExperimentStatusRunning, fleet.ErrQuota},
		{"no such experiment", &types.ResourceNotFoundException{}, types.ExperimentStatusRunning, fleet.ErrAbsent},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := &script{stop: func() error { return tt.stop }, targets: nobody, get: func() (*fis.GetExperimentOutput, error) {
				return &fis.GetExperimentOutput{Experiment: state(tt.state, "")}, nil
			}}
			got, err := acme(s).Stop(t.Context(), "EXP1")
			if !errors.Is(err, tt.want) || tt.want == nil && string(got.State) != string(tt.state) {
				t.Errorf("%+v, error %v", got, err)
			}
		})
	}
}

func TestAnAnswerWithoutAnythingIsNoAnswer(t *testing.T) {
	s := &script{
		experiments: func(*fis.ListExperimentsInput) (*fis.ListExperimentsOutput, error) {
			return &fis.ListExperimentsOutput{}, nil
		},
		templates: func(*fis.ListExperimentTemplatesInput) (*fis.ListExperimentTemplatesOutput, error) {
			return &fis.ListExperimentTemplatesOutput{}, nil
		},
		create: func() (*fis.CreateExperimentTemplateOutput, error) { return &fis.CreateExperimentTemplateOutput{}, nil },
		start: func(*fis.StartExperimentInput) (*fis.StartExperimentOutput, error) {
			return &fis.StartExperimentOutput{}, nil
		},
		get: func() (*fis.GetExperimentOutput, error) { return &fis.GetExperimentOutput{}, nil },
	}
	if _, err := acme(s).Start(t.Context(), drill); !errors.Is(err, fleet.ErrUnknownOutcome) {
		t.Errorf("no template: %v", err)
	}
	s.create = func() (*fis.CreateExperimentTemplateOutput, error) {
		return &fis.CreateExperimentTemplateOutput{ExperimentTemplate: &types.ExperimentTemplate{Id: aws.String("EXT1")}}, nil
	}
	if _, err := acme(s).Start(t.Context(), drill); !errors.Is(err, fleet.ErrUnknownOutcome) {
		t.Errorf("no experiment: %v", err)
	}
	if _, err := acme(s).Follow(t.Context(), "EXP1"); !errors.Is(err, fleet.ErrUnknownOutcome) {
		t.Errorf("nothing to follow: %v", err)
	}
}
