//! Diagnoses that clients ask for: each runs as a task of its own and streams what it finds into the snapshots. The hub waits
//! for none of them.

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::{Notify, oneshot, watch};
use tokio::task::JoinHandle;

use super::Hub;
use crate::diagnose::{self, Live, Means, Plan};
use crate::local::{clock, private_file};
use crate::model::journal::Entry;
use crate::model::{Admin, Diagnosis, Identity, Name, Report, Subject};
use crate::service::examine;
use crate::service::present::{report_redacted, report_text, report_verdict};
use crate::service::protocol::Reply;

/// Diagnoses under way at the same time: each is a connection to a bastion, and has its seconds.
const AT_ONCE: usize = 4;

/// Subjects whose last reports are kept.
const KEPT: usize = 8;

/// The folder of saved reports, in the one of state.
const FOLDER: &str = "reports";

/// Every diagnosis that is known, the newest last.
#[derive(Default)]
pub(super) struct Diagnoses {
    known: Vec<Known>,
    /// Told when any of them has come further.
    news: Arc<Notify>,
}

struct Known {
    subject: Subject,
    at: Timestamp,
    report: watch::Receiver<Arc<Report>>,
    before: Option<Arc<Report>>,
    task: JoinHandle<()>,
    /// Its end stands in the journal.
    noted: bool,
}

impl Known {
    /// The newest report. A run that was cut off, by a panic or an abort, has come to its end all the same.
    fn report(&self) -> Arc<Report> {
        // The task first: what it said last is then there.
        let ended = self.task.is_finished();
        let report = Arc::clone(&self.report.borrow());
        if ended && !report.finished { Arc::new(Report { finished: true, ..Report::clone(&report) }) } else { report }
    }
}

impl Drop for Known {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Diagnoses {
    /// To be waited for: cheap to clone, so that whoever waits holds nothing else.
    pub(super) fn news(&self) -> Arc<Notify> {
        Arc::clone(&self.news)
    }

    /// What a viewer sees.
    pub(super) fn shown(&self) -> Vec<Diagnosis> {
        let one = |known: &Known| Diagnosis { report: known.report(), at: known.at, before: known.before.clone() };
        self.known.iter().map(one).collect()
    }

    /// The newest report of a subject.
    fn of(&self, subject: &Subject) -> Option<Arc<Report>> {
        self.known.iter().find(|known| known.subject == *subject).map(Known::report)
    }

    /// The address under which a bastion saw us last, as far as somebody looked there.
    pub(super) fn seen_from(&self, bastion: &Name) -> Option<IpAddr> {
        let reports = self.known.iter().rev().map(Known::report);
        reports.filter(|report| report.bastion == *bastion).find_map(|report| report.seen_from)
    }

    /// The subjects that are being looked at.
    fn under_way(&self) -> impl Iterator<Item = &Subject> {
        self.known.iter().filter(|known| !known.report().finished).map(|known| &known.subject)
    }

    fn begin(&mut self, plan: Plan, means: Means) {
        let subject = plan.subject.clone();
        let before = self.of(&subject).filter(|report| report.finished && !report.findings.is_empty());
        self.known.retain(|known| known.subject != subject);
        while self.known.len() >= KEPT {
            // There are more places than may be under way: one of them has ended.
            let Some(oldest) = self.known.iter().position(|known| known.report().finished) else { break };
            self.known.remove(oldest);
        }
        let first = Report::begin(subject.clone(), plan.route.last.bastion.clone());
        let (tell, report) = watch::channel(Arc::new(first));
        let news = self.news();
        let task = tokio::spawn(async move {
            let mut live = Live::new(&plan, means);
            let come_further = |report: &Report| {
                tell.send_replace(Arc::new(report.clone()));
                news.notify_one();
            };
            diagnose::run(&plan, &mut live, come_further).await;
            live.close().await;
        });
        self.known.push(Known { subject, at: clock::now(), report, before, task, noted: false });
    }
}

/// Why a diagnosis does not begin: an exit code and a sentence.
type Refused = (u8, String);

impl Hub {
    /// Begins a diagnosis; one of the same subject that is under way is the answer as well.
    pub(super) fn diagnose(&mut self, subject: &Subject, admin: Option<Admin>) -> Result<(), Refused> {
        if self.diagnoses.under_way().any(|other| other == subject) {
            return Ok(());
        }
        let busy: Vec<String> = self.diagnoses.under_way().map(ToString::to_string).collect();
        if busy.len() >= AT_ONCE {
            return Err((1, format!("{} are being looked at already; wait for one to end", busy.join(", "))));
        }
        let snapshot = Arc::clone(&self.desk.snapshots.borrow());
        let settings = self.in_force.settings();
        let plan = match subject {
            Subject::Draft(name) => {
                self.drafts.find(name).and_then(|draft| examine::draft_plan(settings, &self.paths, draft, admin))
            }
            Subject::Tunnel(_) | Subject::Bastion(_) => {
                examine::plan(settings, &self.paths, subject, admin, Some(&snapshot))
            }
        };
        let plan = plan.ok_or_else(|| (3, format!("nothing is known of {}", subject.words())))?;
        let pool = self.pool.clone();
        let given = Box::new(move |identity: &Identity| pool.passphrase(identity));
        self.diagnoses.begin(plan, examine::means(&self.paths, self.pool.agent(), given));
        Ok(())
    }

    /// Says what a text means, elsewhere: a long one takes its time.
    pub(super) fn explain(&self, text: String, to: oneshot::Sender<Reply>) {
        let late = self.closed.0.clone();
        tokio::spawn(async move {
            let matches = tokio::task::spawn_blocking(move || diagnose::explain(&text)).await;
            // The hub is gone, or reading the text failed, which the log says.
            let _ = late.send((to, Reply::Explained { matches: matches.unwrap_or_default() })).await;
        });
    }

    /// Writes ends of diagnoses into the journal, once each.
    pub(super) fn note_diagnoses(&mut self) {
        let mut ended = Vec::new();
        for known in self.diagnoses.known.iter_mut().filter(|known| !known.noted) {
            let report = known.report();
            if report.finished {
                known.noted = true;
                ended.push(report);
            }
        }
        for report in ended {
            let tunnel = match &report.subject {
                Subject::Tunnel(name) => Some(name.clone()),
                Subject::Bastion(_) | Subject::Draft(_) => None,
            };
            let message = format!("diagnosis of {}", report_verdict(&report));
            tracing::info!("{message}");
            self.journal.push(Entry { at: clock::now(), tunnel, event: "diagnosed".to_owned(), message });
        }
    }

    /// Saves the newest report of a subject as text in a private file; says where.
    pub(super) async fn save_report(&mut self, subject: &Subject, redacted: bool) -> Result<PathBuf, Refused> {
        let report = self.diagnoses.of(subject);
        let report = report.ok_or_else(|| (1, format!("there is no diagnosis of {} to save", subject.words())))?;
        let snapshot = Arc::clone(&self.desk.snapshots.borrow());
        let report = if redacted { Arc::new(report_redacted(&report, &snapshot)) } else { report };
        let (folder, now) = (self.paths.state.join(FOLDER), clock::now());
        let kind = if redacted { "-redacted" } else { "" };
        let moment = now.strftime("%Y%m%dT%H%M%S%3fZ");
        let path = folder.join(format!("{}{kind}-{moment}.txt", subject.to_string().replace(':', "-")));
        let text = format!("adit diagnosis, {now}\n\n{}\n", report_text(&report).join("\n"));
        let target = path.clone();
        let write = move || {
            private_file::make_private_dir(&folder)?;
            private_file::create_new(&target, text.as_bytes(), 0o600)
        };
        match tokio::task::spawn_blocking(write).await {
            Ok(Ok(())) => Ok(path),
            Ok(Err(error)) => Err((1, error.to_string())),
            Err(_) => Err((1, "saving the report failed; the log says why".to_owned())),
        }
    }
}
