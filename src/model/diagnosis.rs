//! A subject's diagnoses as a viewer sees them: the one that runs or ran last, and the finished one before it.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::finding::Report;

/// The diagnoses of one subject.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Diagnosis {
    /// The newest, as far as it has come.
    pub report: Arc<Report>,
    /// When it began.
    pub at: Timestamp,
    /// The finished one before it, to compare with.
    pub before: Option<Arc<Report>>,
}
