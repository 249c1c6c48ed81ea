"""Labelled rows in: raw, prepared, sealed.

`justfit.data.splits` and `justfit.data.sources` are not named here: they load scikit-learn, which
takes a second, and who only prepares rows needs neither.
"""

from justfit.data.bag_preparation import BagPreparation as BagPreparation
from justfit.data.dataset import Dataset as Dataset
from justfit.data.dataset import Labels as Labels
from justfit.data.dataset import Part as Part
from justfit.data.dataset import Sealed as Sealed
from justfit.data.dataset import fingerprint as fingerprint
from justfit.data.encoding import limit_ids as limit_ids
from justfit.data.ngrams import NgramPreparation as NgramPreparation
from justfit.data.preparation import NumberPreparation as NumberPreparation
from justfit.data.preparation import Preparation as Preparation
from justfit.data.preparation import TextPreparation as TextPreparation
from justfit.data.preparation import fit_preparation as fit_preparation
from justfit.data.preparation_json import preparation_from_parts as preparation_from_parts
from justfit.data.preparation_json import preparation_to_parts as preparation_to_parts
from justfit.data.raw import Ids as Ids
from justfit.data.raw import Numbers as Numbers
from justfit.data.raw import Raw as Raw
from justfit.data.raw import Texts as Texts
from justfit.data.raw import Vocabulary as Vocabulary
from justfit.data.rows import Bags as Bags
from justfit.data.rows import Dense as Dense
from justfit.data.rows import Rows as Rows
from justfit.data.target import Target as Target
from justfit.data.target import fit_target as fit_target
from justfit.data.tokens import tokens as tokens
