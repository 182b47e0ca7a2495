use crate::formats::{epss, kev};
use crate::model::exploitation::CveId;

const EPSS: &[u8] = include_bytes!("../../../fixtures/risk/epss_scores-2026-11-20.csv");
const EPSS_GZ: &[u8] = include_bytes!("../../../fixtures/risk/epss_scores-2026-11-20.csv.gz");
const KEV: &str = include_str!("../../../fixtures/risk/known_exploited_vulnerabilities.json");

fn ids(ids: &[&str]) -> Vec<CveId> {
    ids.iter().filter_map(|id| CveId::read(id)).collect()
}

#[test]
fn scores_are_read_as_they_are_published() {
    for bytes in [EPSS, EPSS_GZ] {
        let read = epss::read(bytes).unwrap();
        assert_eq!((read.date, read.vulnerabilities), (jiff::civil::date(2026, 11, 20), 7));
        let of = |list: &[&str]| {
            read.content.of(ids(list).into_iter()).map(|epss| (epss.probability, epss.percentile))
        };
        assert_eq!(of(&["GHSA-x", "CVE-2021-44228"]), Some((0.94358, 0.99957)));
        // With several ids, the most likely one counts.
        assert_eq!(of(&["CVE-2020-7598", "cve-2020-8203"]), Some((0.3102, 0.96781)));
        assert_eq!(of(&["CVE-2020-8204"]), None);
    }
}

#[test]
fn scores_that_are_cut_or_malformed_are_refused() {
    let text = std::str::from_utf8(EPSS).unwrap();
    let refused = |text: &str| epss::read(text.as_bytes()).err();
    for bad in [
        "",
        &text[..text.len() - 1],
        &text[..text.len() - 9],
        "cve,epss,percentile\nCVE-2020-1,0.1,0.2\n",
        "#score_date:2026-11-20\ncve,percentile,epss\nCVE-2020-1,0.1,0.2\n",
        "#score_date:2026-11-20\ncve,epss,percentile\n",
        "#score_date:2026-11-20\ncve,epss,percentile\nCVE-2020-1,1.1,0.2\n",
        "#score_date:2026-11-20\ncve,epss,percentile\nCVE-2020-1,0.1\n",
        "#score_date:2026-11-20\ncve,epss,percentile\nCVE-2020-1,NaN,0.2\n",
        "<!doctype html>\n",
    ] {
        assert!(refused(bad).is_some(), "{bad}");
    }
    assert!(epss::read(&EPSS_GZ[..EPSS_GZ.len() - 12]).is_err());
}

/// FIRST's API writes numbers as strings, and each page gives the total number.
#[test]
fn an_answer_of_firsts_api_is_read_only_if_it_is_complete() {
    let answer = |total: u32, epss: &str| {
        format!(
            r#"{{"status": "OK", "status-code": 200, "version": "1.0", "access": "public", "total": {total}, "offset": 0,
            "limit": 100, "data": [{{"cve": "CVE-2022-27225", "epss": "{epss}", "percentile": "0.524690000", "date": "2026-11-20"}},
            {{"cve": "CVE-2022-27223", "epss": "0.001580000", "percentile": "0.367820000", "date": "2026-11-20"}}]}}"#
        )
    };
    let read = epss::read(answer(2, "0.002190000").as_bytes()).unwrap();
    assert_eq!((read.date, read.vulnerabilities), (jiff::civil::date(2026, 11, 20), 2));
    let score = read.content.of(ids(&["CVE-2022-27225"]).into_iter()).unwrap();
    assert_eq!((score.probability, score.percentile), (0.00219, 0.52469));
    for bad in [answer(270_000, "0.1"), answer(2, "1.1"), answer(2, "x"), "{}".to_owned()] {
        assert!(epss::read(bad.as_bytes()).is_err(), "{bad}");
    }
}

/// The columns of CISA's CSV. Quoted cells contain commas, quotes and line ends.
#[test]
fn the_catalogue_is_also_read_as_csv() {
    let text = "cveID,vendorProject,product,vulnerabilityName,dateAdded,shortDescription,requiredAction,dueDate,knownRansomwareCampaignUse,notes,cwes\r\n\
        CVE-2021-44228,Apache,Log4j2,\"Log4j2, \"\"Log4Shell\"\"\",2021-12-10,\"two\r\nlines\",Apply,2021-12-24,Known,,CWE-20\r\n\
        CVE-2020-8203,Lodash,Lodash,Pollution,2026-03-02,x,Apply,2026-03-23,Unknown,,\r\n";
    let read = kev::read(text.as_bytes()).unwrap();
    assert_eq!((read.date, read.vulnerabilities), (jiff::civil::date(2026, 3, 2), 2));
    let entry = |id: &str| read.content.of(ids(&[id]).into_iter()).map(|kev| (kev.added, kev.ransomware));
    assert_eq!(entry("CVE-2021-44228"), Some((jiff::civil::date(2021, 12, 10), true)));
    assert_eq!(entry("CVE-2020-8203"), Some((jiff::civil::date(2026, 3, 2), false)));
    let header = text.split("\r\n").next().unwrap();
    for bad in [
        &text[..text.len() - 1],
        &text[..text.len() - 40],
        &text.replace("lines\"", "lines"),
        &text.replace("dateAdded", "added"),
        &text.replace("2026-03-02", "March"),
        &text.replace("CVE-2020-8203", "8203"),
        &format!("{header}\r\n"),
    ] {
        assert!(kev::read(bad.as_bytes()).is_err(), "{bad}");
    }
}

#[test]
fn the_catalogue_is_read_as_it_is_published_and_only_if_it_is_complete() {
    let read = kev::read(KEV.as_bytes()).unwrap();
    assert_eq!((read.date, read.vulnerabilities), (jiff::civil::date(2026, 11, 19), 2));
    let entry = read.content.of(ids(&["CVE-2021-44228"]).into_iter()).unwrap();
    assert_eq!((entry.added, entry.ransomware), (jiff::civil::date(2021, 12, 10), true));
    assert!(read.content.of(ids(&["CVE-2019-10744"]).into_iter()).is_none());
    for bad in [
        "",
        "{}",
        "[]",
        &KEV[..KEV.len() / 2],
        &KEV.replace("\"count\": 2", "\"count\": 1400"),
        &KEV.replace("CVE-2020-8203", "2020-8203"),
    ] {
        assert!(kev::read(bad.as_bytes()).is_err(), "{bad}");
    }
}
