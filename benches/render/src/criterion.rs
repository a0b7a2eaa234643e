//! What criterion wrote: `**/new/{benchmark,estimates,sample}.json` below a directory.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::DeserializeOwned;
use walkdir::WalkDir;

/// One bench, in nanoseconds of one iteration.
#[derive(Clone, Debug, PartialEq)]
pub struct Measurement {
    /// The part of the id that tables and charts are of, such as `peers/bare`.
    pub group: String,
    /// The rest of the id without the parameter; may be empty.
    pub function: String,
    /// The parameter; may be empty.
    pub value: String,
    pub median: f64,
    /// Both ends of the interval of the median, at criterion's confidence level of 95 %.
    pub interval: (f64, f64),
    /// Median absolute deviation of the samples.
    pub deviation: f64,
    pub samples: usize,
}

impl Measurement {
    /// The whole id, as `cargo bench` prints it.
    pub fn id(&self) -> String {
        let parts = [&self.group, &self.function, &self.value];
        parts.into_iter().filter(|part| !part.is_empty()).cloned().collect::<Vec<_>>().join("/")
    }

    /// The deviation, of the median.
    pub fn spread(&self) -> f64 {
        self.deviation / self.median
    }
}

/// Why criterion's output cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    #[error("`{path}` cannot be read: {source}")]
    File { path: PathBuf, source: std::io::Error },
    #[error("`{path}` is not what criterion writes: {source}")]
    Json { path: PathBuf, source: serde_json::Error },
    #[error("two measurements are of `{id}`, one of them in `{path}`")]
    Twice { id: String, path: PathBuf },
    #[error("`{path}` holds no measurement")]
    Nothing { path: PathBuf },
}

#[derive(Deserialize)]
struct Benchmark {
    group_id: String,
    function_id: Option<String>,
    value_str: Option<String>,
}

#[derive(Deserialize)]
struct Estimates {
    median: Estimate,
    median_abs_dev: Estimate,
}

#[derive(Deserialize)]
struct Estimate {
    confidence_interval: Interval,
    point_estimate: f64,
}

#[derive(Deserialize)]
struct Interval {
    lower_bound: f64,
    upper_bound: f64,
}

#[derive(Deserialize)]
struct Sample {
    times: Vec<f64>,
}

/// All measurements of some directories, ordered by id.
pub fn read_all(roots: &[PathBuf]) -> Result<Vec<Measurement>, ReadError> {
    let mut all: Vec<Measurement> = Vec::new();
    for root in roots {
        let before = all.len();
        for entry in WalkDir::new(root).sort_by_file_name().into_iter().flatten() {
            if entry.file_name() == "benchmark.json" && in_newest(entry.path()) {
                let found = read(entry.path())?;
                if all.iter().any(|other| other.id() == found.id()) {
                    return Err(ReadError::Twice { id: found.id(), path: root.clone() });
                }
                all.push(found);
            }
        }
        if all.len() == before {
            return Err(ReadError::Nothing { path: root.clone() });
        }
    }
    all.sort_by_key(Measurement::id);
    Ok(all)
}

/// Whether a file is of the newest run and not of one that was saved.
fn in_newest(path: &Path) -> bool {
    path.parent().and_then(Path::file_name).is_some_and(|name| name == "new")
}

fn read(benchmark: &Path) -> Result<Measurement, ReadError> {
    let name: Benchmark = json(benchmark)?;
    let estimates: Estimates = json(&benchmark.with_file_name("estimates.json"))?;
    let sample: Sample = json(&benchmark.with_file_name("sample.json"))?;
    let interval = estimates.median.confidence_interval;
    Ok(Measurement {
        group: name.group_id,
        function: name.function_id.unwrap_or_default(),
        value: name.value_str.unwrap_or_default(),
        median: estimates.median.point_estimate,
        interval: (interval.lower_bound, interval.upper_bound),
        deviation: estimates.median_abs_dev.point_estimate,
        samples: sample.times.len(),
    })
}

fn json<T: DeserializeOwned>(path: &Path) -> Result<T, ReadError> {
    let text =
        fs::read(path).map_err(|source| ReadError::File { path: path.to_owned(), source })?;
    serde_json::from_slice(&text)
        .map_err(|source| ReadError::Json { path: path.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fixture(name: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name)
    }

    #[test]
    fn a_measurement_is_read_as_criterion_wrote_it() {
        let read = read_all(&[fixture("criterion")]).unwrap();
        let ids: Vec<_> = read.iter().map(Measurement::id).collect();
        assert_eq!(ids, ["peers/bare/p256/1", "peers/bare/ring/1"]);
        let ring = &read[1];
        assert_eq!((ring.group.as_str(), ring.function.as_str()), ("peers/bare", "ring"));
        assert_eq!((ring.median, ring.interval), (50_000.0, (49_500.0, 51_000.0)));
        assert_eq!((ring.deviation, ring.samples), (1_000.0, 3));
        assert_eq!(ring.spread(), 0.02);
    }

    #[test]
    fn a_directory_without_a_measurement_is_refused() {
        let read = read_all(&[fixture("pages")]);
        assert!(matches!(read, Err(ReadError::Nothing { .. })));
    }

    #[test]
    fn the_same_id_twice_is_refused() {
        let read = read_all(&[fixture("criterion"), fixture("criterion")]);
        assert!(matches!(read, Err(ReadError::Twice { .. })));
    }

    #[test]
    fn a_saved_run_is_not_the_newest() {
        assert!(in_newest(Path::new("a/new/benchmark.json")));
        assert!(!in_newest(Path::new("a/base/benchmark.json")));
    }
}
