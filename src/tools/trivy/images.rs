//! The images that a gate of Trivy scans: by name, in a file, or built by the run.

use crate::scan::image_file::InputImage;
use crate::scan::job::Job;
use crate::scan::parsed::Unplanned;
use crate::scan::scene::{BuiltImage, Scene};
use crate::text::paths::normalise;

use super::{SPEC, Trivy};

impl Trivy {
    /// An image that the user names. Trivy decides where it finds it.
    pub(super) fn named_image(&self, reference: &str, scene: &Scene) -> Job {
        let why = "an image of `images`".to_owned();
        let mut job = self.job(scene.job(SPEC.program, reference), &[reference], why, scene);
        job.image = Some(reference.to_owned());
        job
    }

    /// The images that the user names; `None`: those of `needs`.
    pub(super) fn named(&self) -> Option<Vec<String>> {
        self.images.clone().or_else(|| self.input.as_ref().map(|_| Vec::new()))
    }

    /// The images of a file.
    pub(super) fn image_file(&self, file: &str, scene: &Scene) -> Result<Vec<Job>, Unplanned> {
        let path = normalise(&scene.repo.base.join(file));
        let job = |image: InputImage| {
            let mut job = scene.job(SPEC.program, &image.target());
            let argument = job.reads_input(image, "", "");
            self.job(job, &["--input", &argument], "an image of `input`".to_owned(), scene)
        };
        Ok(InputImage::all_of(&path, file, &self.platforms)?.into_iter().map(job).collect())
    }

    pub(super) fn built_image(&self, image: &BuiltImage, scene: &Scene) -> Job {
        let mut job = scene.job(SPEC.program, &image.target());
        let file = job.reads_image(image);
        self.job(job, &["--input", &file], "as soon as it is built, by its id".to_owned(), scene)
    }
}
