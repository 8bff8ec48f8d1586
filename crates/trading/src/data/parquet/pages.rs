//! Pages: those of a column, looked at before memory is asked for on their word.

use parquet::{
    column::page::{Page, PageMetadata, PageReader},
    errors::{ParquetError, Result},
};

/// The smallest value takes a bit.
const VALUES_PER_BYTE_MAX: usize = 8;

/// The pages of a column, without dictionaries that say they have more values than they can hold.
pub(super) struct Pages(pub(super) Box<dyn PageReader>);

impl PageReader for Pages {
    fn get_next_page(&mut self) -> Result<Option<Page>> {
        let page = self.0.get_next_page()?;
        if let Some(Page::DictionaryPage { buf, num_values, .. }) = &page {
            let values = usize::try_from(*num_values).unwrap_or(usize::MAX);
            if values > buf.len().saturating_mul(VALUES_PER_BYTE_MAX) {
                let why =
                    format!("a dictionary of {} bytes says it has {values} values", buf.len());
                return Err(ParquetError::General(why));
            }
        }
        Ok(page)
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>> {
        self.0.peek_next_page()
    }

    fn skip_next_page(&mut self) -> Result<()> {
        self.0.skip_next_page()
    }
}

impl Iterator for Pages {
    type Item = Result<Page>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}
