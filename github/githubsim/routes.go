package githubsim

import "strings"

// access is who may call an operation.
type access int

const (
	asApp          access = iota // with the App's JWT
	asInstallation               // with an installation token
)

// route is one operation of the API.
type route struct {
	op       string // its name in Calls and of its secondary limit
	pattern  string
	access   access
	resource string // its primary limit: "core", "actions_runner_registration", or "" for none
	serve    func(*Server, call) reply
}

func routes() []route {
	return append(append(appRoutes(), runnerRoutes()...), actionRoutes()...)
}

func appRoutes() []route {
	return []route{
		{"get-app", "GET /app", asApp, "", (*Server).getApp},
		{"list-installations", "GET /app/installations", asApp, "", (*Server).listInstallations},
		{"get-installation", "GET /app/installations/{installation_id}", asApp, "", (*Server).getInstallation},
		{"get-org-installation", "GET /orgs/{org}/installation", asApp, "", (*Server).getOrgInstallation},
		{"access-token", "POST /app/installations/{installation_id}/access_tokens", asApp, "", (*Server).mintToken},
		{"list-repositories", "GET /installation/repositories", asInstallation, core, (*Server).listRepositories},
		{"list-deliveries", "GET /app/hook/deliveries", asApp, "", (*Server).listDeliveries},
		{"get-delivery", "GET /app/hook/deliveries/{delivery_id}", asApp, "", (*Server).getDelivery},
		{"redeliver", "POST /app/hook/deliveries/{delivery_id}/attempts", asApp, "", (*Server).redeliver},
		{"rate-limit", "GET /rate_limit", asInstallation, "", (*Server).rateLimit},
	}
}

func runnerRoutes() []route {
	both := []route{
		{"generate-jitconfig", "POST SCOPE/actions/runners/generate-jitconfig", asInstallation, registration, (*Server).generateJITConfig},
		{"registration-token", "POST SCOPE/actions/runners/registration-token", asInstallation, registration, (*Server).registrationToken},
		{"remove-token", "POST SCOPE/actions/runners/remove-token", asInstallation, core, (*Server).removeToken},
		{"downloads", "GET SCOPE/actions/runners/downloads", asInstallation, core, (*Server).downloads},
		{"runner-end", "GET SCOPE/actions/runners/deprecations/{version}", asInstallation, core, (*Server).runnerEnd},
		{"list-runners", "GET SCOPE/actions/runners", asInstallation, core, (*Server).listRunners},
		{"get-runner", "GET SCOPE/actions/runners/{runner_id}", asInstallation, core, (*Server).getRunner},
		{"delete-runner", "DELETE SCOPE/actions/runners/{runner_id}", asInstallation, core, (*Server).deleteRunner},
	}
	out := []route{
		{"list-runner-groups", "GET /orgs/{org}/actions/runner-groups", asInstallation, core, (*Server).listGroups},
	}
	for _, r := range both {
		for _, scope := range []string{"/orgs/{org}", "/repos/{owner}/{repo}"} {
			scoped := r
			scoped.pattern = strings.Replace(r.pattern, "SCOPE", scope, 1)
			out = append(out, scoped)
		}
	}
	return out
}

func actionRoutes() []route {
	const repo = "/repos/{owner}/{repo}"
	return []route{
		{"get-repository", "GET " + repo, asInstallation, core, (*Server).getRepository},
		{"list-runs", "GET " + repo + "/actions/runs", asInstallation, core, (*Server).listRuns},
		{"get-run", "GET " + repo + "/actions/runs/{run_id}", asInstallation, core, (*Server).getRun},
		{"list-jobs", "GET " + repo + "/actions/runs/{run_id}/jobs", asInstallation, core, (*Server).listJobs},
		{"get-job", "GET " + repo + "/actions/jobs/{job_id}", asInstallation, core, (*Server).getJob},
		{"rerun-job", "POST " + repo + "/actions/jobs/{job_id}/rerun", asInstallation, core, (*Server).rerunJob},
		{"rerun-failed-jobs", "POST " + repo + "/actions/runs/{run_id}/rerun-failed-jobs", asInstallation, core, (*Server).rerunFailedJobs},
		{"cancel-run", "POST " + repo + "/actions/runs/{run_id}/cancel", asInstallation, core, (*Server).cancelRun},
	}
}
