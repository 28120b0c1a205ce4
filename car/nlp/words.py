"""Words that tell a language: its most frequent articles, pronouns, prepositions and verbs.

Chosen by hand, some thirty for each language in Latin letters; a word may stand in several.
"""

_WORDS = {
    "cs": "a aby ale ani by být co do i jak jako je jeho jejich jen jsem jsou k kde který která "
    "které mají mezi mu na nebo než o po pro před při s se si svůj ta tak to tím u v ve "
    "však všechny z za ze že",
    "da": "af alle at blev bliver bør de dem den der deres det dig en er et for fra ham han har "
    "havde hun hvad hvis hvor i ikke jeg kan man med meget mig men mit mod nogle nu når og "
    "også om op os på selv sig skal som til ud var ved vi vil være",
    "de": "aber alle als am an auch auf aus bei das dass dem den der des die du durch ein eine "
    "einem einen einer er es für haben hat ich ihr im in ist kann mit nach nicht noch nur "
    "oder sein sich sie sind so und uns von war was wenn werden wie wir wird zu zum zur "
    "über",
    "en": "a about all an and are as at be been but by can could did do for from had has have he "
    "her his how i if in into is it its more my no not of on one or our she should so that "
    "the their them there they this to up was we were what when which who will with would "
    "you your",
    "es": "al algo como con cuando de del desde donde él el ella en entre era es esta está este "
    "fue ha hay la las le les lo los más me mi muy no nos para pero por porque que qué se "
    "ser si sin sobre son su sus también tiene todo todos un una y ya yo",
    "fi": "ei eivät en että hän hänen he heidän ja joka jos jotka kaikki kanssa kuin kun me mikä "
    "minä mitä mukaan mutta myös ne niin niitä nyt oli olla on ovat se sen sinä sitä siitä "
    "tai tämä tämän te vain vielä voi",
    "fr": "à au aux avec ce ces cette comme dans de des deux du elle elles en est et été être eux "
    "il ils je la le les leur leurs lui mais me même mes mon ne nous on ont ou où par pas "
    "plus pour qu que qui sa sans se ses si son sont sur tous tout très un une vous",
    "hu": "a az azt azok be csak de egy el én és ez ezek ha hanem hogy igen is itt ki kell le "
    "lesz még meg mert mi mind minden mint most nagyon nem neki ők ő össze pedig például "
    "sem szerint te úgy vagy van vannak való volt",
    "id": "ada adalah agar akan anda antara atas atau bahwa bagi banyak baru belum bisa dalam dan "
    "dapat dari dengan di dia ini itu juga jika kami kamu kepada ke kita lebih mereka oleh "
    "orang pada saya sebagai semua setiap sudah tanpa telah tidak untuk yang",
    "it": "a ad ai al alla anche che chi ci come con da dal dei del della delle di dove e è ed "
    "era essere gli ha hanno i il in io la le lei lo loro lui ma mi nei nel nella noi non o "
    "per perché più quando quella questo se si sono sua sul suo su tra tutti un una uno",
    "nl": "aan al alle als bij dat de deze die dit doen door dus een en er ge geen haar had heb "
    "hebben heeft het hij hoe hun ik in is je kan maar me met mij mijn naar niet nog nu of "
    "om onder ons ook op over te tot u uit van veel voor waar was wat we wel werd wij "
    "worden zal ze zich zij zijn zo",
    "no": "alle at av begge bør ble blir da de dei deg den der deres det dette du eller en er et "
    "for fra ha han har henne her hun hva hvem hvis hvor i ikke ja jeg kan man med meg men "
    "mot når nei noe noen nå og også om opp oss på samme seg selv skal som så til ut var "
    "ved vi vil være",
    "pl": "a aby ale albo bardzo bez być był była było co czy dla do gdy go i ich ja jak jako je "
    "jego jej jest jeszcze już każdy kiedy który która które lub ma mi mnie może na nad nie "
    "niż o od oraz po pod przez przy się są swoje tak także tego ten to tylko tym w we "
    "wszyscy z za ze że",
    "pt": "a ao aos as até com como da das de dela do dos e é ela ele eles em entre era essa esta "
    "está eu foi há isso já lhe mais mas me mesmo meu minha muito na não nas nem no nos nós "
    "num o os ou para pela pelo por quando que quem se sem ser seu sua são só também tem "
    "todos um uma você",
    "ro": "a acest acestea ai al ale am aproape are au ca care cât ce cei cel cele cu cum că da "
    "dar de decât deși din după ea ei el ele este eu fi fie fiind fost fără îl îi în între "
    "la le lor mai mult ne nici noi nu o pe pentru poate sa să se și sunt toate toți un una "
    "unei unui vă",
    "sv": "all alla att av blev bli de dem den denna deras det detta dig din du där efter eller "
    "en er ett från för ha hade han har henne hon hur här i icke inte jag kan man med men "
    "mig min mot mycket ni nu när och om oss på sedan sig sin ska som så till under upp ut "
    "var vad vara vi vid vilka är än",
    "tr": "acaba ama ancak bana bazı ben beni bir biz bu bunu çok çünkü da daha de değil diye "
    "eğer en gibi hem hep her herkes hiç için ile ise kadar ki kim mı mi mu ne neden nerede "
    "o olan olarak olduğu onlar onun sen siz şey şu tüm ve veya ya yani",
}

FUNCTION_WORDS = {language: frozenset(words.split()) for language, words in _WORDS.items()}
"""The words by ISO 639-1 code."""
